"""PostgreSQL for tenant tables: django-postgres-extra's backend with a few small differences.

The package's name must contain "psqlextra", or that library's managers refuse to work.
"""
