"""How many rows a list has: exactly where that is cheap, else about or at least so many."""

from django.core.paginator import Paginator
from django.db import connection
from django.utils.formats import number_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from tenants.context import current_scope

# As far as a list counts and pages; what lies behind is found by search and filters.
MOST_COUNTED = 10_000
ESTIMATE = """
    SELECT coalesce(sum(greatest(reltuples, 0)), 0)::bigint FROM pg_class
    WHERE oid IN (SELECT relid FROM pg_partition_tree(%s::regclass) WHERE isleaf)
"""


class CappedPaginator(Paginator):
    template_name = "backoffice/pagination.html"

    @cached_property
    def count(self) -> int:
        return min(self._found, MOST_COUNTED)

    @cached_property
    def shown_count(self) -> str:
        if self._found <= MOST_COUNTED:
            return number_format(self._found, force_grouping=True)
        if self._is_all_there_is:
            about = number_format(rounded(self._estimate()), force_grouping=True)
            return _("about %(count)s") % {"count": about}
        return number_format(MOST_COUNTED, force_grouping=True) + "+"

    @cached_property
    def _found(self) -> int:
        found: int = self.object_list.order_by()[: MOST_COUNTED + 1].count()  # type: ignore[attr-defined]
        return found

    @property
    def _is_all_there_is(self) -> bool:
        """To others than superusers the size of a table would tell of bots that are not theirs."""
        scope = current_scope()
        everything = scope is not None and scope.user_id is not None and scope.bots is None
        return everything and not self.object_list.query.where  # type: ignore[attr-defined]

    def _estimate(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute(ESTIMATE, [self.object_list.model._meta.db_table])  # type: ignore[attr-defined]
            [(estimate,)] = cursor.fetchall()
        return max(int(estimate), self._found)


def rounded(number: int) -> int:
    """To two digits."""
    unit = 10 ** max(len(str(number)) - 2, 0)
    return int(round(number / unit) * unit)
