"""One run of anything long, as a folder that survives whoever started it."""
