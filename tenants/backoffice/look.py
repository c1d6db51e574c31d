"""How the back office looks: the only module that knows whose look it is, django-unfold's.

Another one takes the same names from elsewhere; its settings are in botplatform/look.py.
"""

from unfold.admin import ModelAdmin, StackedInline, TabularInline
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    DropdownFilter,
    RangeDateFilter,
    RangeNumericFilter,
    TextFilter,
)
from unfold.contrib.filters.forms import AutocompleteDropdownForm
from unfold.decorators import action, display
from unfold.forms import (
    AdminPasswordChangeForm,
    AuthenticationForm,
    UserChangeForm,
    UserCreationForm,
)
from unfold.views import ChangeList
from unfold.widgets import UnfoldAdminPasswordWidget as PasswordInput
from unfold.widgets import UnfoldAdminSelectWidget as Select
from unfold.widgets import UnfoldAdminTextInputWidget as TextInput
from unfold.widgets import UnfoldBooleanWidget as Checkbox

__all__ = [
    "AdminPasswordChangeForm",
    "AuthenticationForm",
    "AutocompleteDropdownForm",
    "AutocompleteSelectFilter",
    "ChangeList",
    "Checkbox",
    "ChoicesDropdownFilter",
    "DropdownFilter",
    "ModelAdmin",
    "PasswordInput",
    "RangeDateFilter",
    "RangeNumericFilter",
    "Select",
    "StackedInline",
    "TabularInline",
    "TextFilter",
    "TextInput",
    "UserChangeForm",
    "UserCreationForm",
    "action",
    "display",
]
