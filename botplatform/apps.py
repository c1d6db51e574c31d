from django.apps import AppConfig


class BotplatformConfig(AppConfig):
    name = "botplatform"

    def ready(self) -> None:
        from botplatform.model_texts import translate_models

        translate_models()
