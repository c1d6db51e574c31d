from legacy_import.backoffice import jobs, records, runs

__all__ = ["jobs", "records", "runs"]
