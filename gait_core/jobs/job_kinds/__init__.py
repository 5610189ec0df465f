"""One module per kind of job that ties workflows to job folders; see `gait_core.jobs.kinds`."""
