"""Registers the pages of the import, and its panel on the dashboard."""

from legacy_import.backoffice import jobs, records, runs
from legacy_import.backoffice.latest_runs import latest_runs
from tenants.backoffice import panels

__all__ = ["jobs", "records", "runs"]

panels.on_dashboard.append(latest_runs)
