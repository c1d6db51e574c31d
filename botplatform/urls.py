from django.contrib import admin
from django.urls import path
from django.utils.translation import gettext_lazy
from django.views.generic import RedirectView

from botplatform import errors
from botplatform.second_factor import LoginForm, second_factor, take_away
from tenants.backoffice.own_settings import choose_language, own_settings
from tenants.backoffice.site import autocomplete, search

admin.site.site_header = admin.site.site_title = "botplatform"
admin.site.login_form = LoginForm
admin.site.index_title = gettext_lazy("Back office")
# Its context is the look's DASHBOARD_CALLBACK.
admin.site.index_template = "metrics/dashboard.html"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/settings/", admin.site.admin_view(own_settings), name="settings"),
    path("admin/two-factor/", admin.site.admin_view(second_factor), name="second-factor"),
    path(
        "admin/two-factor/of/<int:user_id>/",
        admin.site.admin_view(take_away),
        name="second-factor-of",
    ),
    path("admin/language/", choose_language, name="language"),
    path("admin/autocomplete/", admin.site.admin_view(autocomplete)),
    path("admin/search/", admin.site.admin_view(search)),
    path("admin/", admin.site.urls),
]
handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.failed
