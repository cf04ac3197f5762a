"""The report: how models did on a test suite, as one HTML file that needs nothing else."""

from kolena_local.view.report.render import Report, report

__all__ = ["Report", "report"]
