"""What people take away: overlay videos, exports, the report. It writes; it computes no level and no parameter."""
