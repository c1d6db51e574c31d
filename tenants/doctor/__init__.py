"""Walks the catalog and says where isolation is not what tenants.policies promises."""
