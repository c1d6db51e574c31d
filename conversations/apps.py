from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    name = "conversations"

    def ready(self) -> None:
        from conversations.personal import ConversationsHolder
        from tenants.personal import register

        register(ConversationsHolder())
