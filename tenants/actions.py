from django.db import transaction

from tenants.models import Bot


@transaction.atomic
def rotate_token_keys() -> int:
    """Every token anew with the newest key, and its fingerprint with the current one."""
    bots = Bot.objects.defer(None).select_for_update().filter(telegram_token__isnull=False)
    count = 0
    for bot in bots.order_by("pk").iterator():
        bot.set_token(bot.reveal_token() or "")
        bot.save(update_fields=["telegram_token", "token_fingerprint", "token_masked"])
        count += 1
    return count
