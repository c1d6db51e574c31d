"""The project's settings under the migrator's login: it may create test databases."""

import os

os.environ["BOTPLATFORM_PLANE"] = "migrator"
os.environ["ENVIRONMENT"] = "development"

from botplatform.settings import *

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
