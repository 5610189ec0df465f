"""The text of a PDF as a reader finds it."""

from io import BytesIO

from pypdf import PdfReader

__all__ = ["text_of_pdf"]


def text_of_pdf(content: bytes) -> str:
    """Return the text of all pages, with single spaces."""
    pages = [page.extract_text() for page in PdfReader(BytesIO(content)).pages]
    return " ".join(" ".join(pages).split())
