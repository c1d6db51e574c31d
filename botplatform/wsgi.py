import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "botplatform.settings")
os.environ.setdefault("BOTPLATFORM_PLANE", "office")

application = get_wsgi_application()
