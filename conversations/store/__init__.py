"""The calls of BotStore about people, chats and messages."""
