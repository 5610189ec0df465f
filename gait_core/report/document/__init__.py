"""The report that a clinician files and hands out: one content model, written as HTML and as PDF."""
