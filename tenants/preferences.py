"""How a staff user likes to read: language and time zone, kept across logins."""

from django.conf import settings
from django.db import models


class StaffPreferences(models.Model):
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="preferences"
    )
    # Empty: as the browser, and as the server has it.
    language = models.CharField(blank=True, default="", max_length=16)
    time_zone = models.CharField(blank=True, default="", max_length=64)

    class Meta:
        db_table = "staff_preferences"

    def __str__(self) -> str:
        return f"{self.language} {self.time_zone}".strip()
