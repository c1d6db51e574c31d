from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView

from botplatform import errors

admin.site.site_header = admin.site.site_title = "botplatform"
admin.site.index_title = "Back office"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
]
handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.failed
