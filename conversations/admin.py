"""Registers the pages of people, conversations and messages."""

from conversations.backoffice import chats, messages, people

__all__ = ["chats", "messages", "people"]
