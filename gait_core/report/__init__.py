"""What people look at outside the dashboard: overlay videos and exports."""
