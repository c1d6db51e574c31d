"""Registers the pages of bots, staff and the audit log."""

from django.contrib import admin

from tenants.audit.admin import AuditEntryAdmin
from tenants.backoffice import access, bots, users
from tenants.models import AuditEntry

__all__ = ["access", "bots", "users"]

admin.site.register(AuditEntry, AuditEntryAdmin)
