from tenants.store.errors import StoreError


class ProfileNotFound(StoreError):
    pass


class ConversationNotFound(StoreError):
    pass


class MessageNotFound(StoreError):
    pass
