import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "botplatform.settings")
os.environ.setdefault("BOTPLATFORM_PLANE", "office")

application = get_wsgi_application()

if settings.PRODUCTION:
    from botplatform.planes import OFFICE
    from tenants.doctor.start import refuse_open_data

    refuse_open_data(OFFICE.login)
