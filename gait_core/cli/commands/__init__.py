"""One module per command or family of commands; each registers itself and loads what it needs only when it runs."""
