"""A task as the commands know it: its files read, its model trained, its report made and told.

One job a file; `job_for` and `job_of` are the doors.
"""

from __future__ import annotations

from elman.cli.jobs.job import Files, Job, job_for, job_of, task_of

__all__ = ["Files", "Job", "job_for", "job_of", "task_of"]
