"""Drawing without knowing what is drawn: shapes and their colours, as SVG and on a PDF page, in any script."""
