"""Walks that a laboratory recorded with markers: files, marker sets, events, and the view from the side."""
