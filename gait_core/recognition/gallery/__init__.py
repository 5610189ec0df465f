"""Enrolled people, how far a walk is from each of them, and what that distance can and cannot tell."""
