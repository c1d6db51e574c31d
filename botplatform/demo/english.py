"""People who speak English, and what they and their bots say."""

from botplatform.demo.words import Words

TOPICS = {
    "travel": (
        ("Lisbon", "Tbilisi", "Kyoto", "Edinburgh", "Porto", "Istanbul", "Oslo", "Hanoi"),
        (
            ("I'd like to see {it} this spring", "{it} in April is a fine choice: mild and quiet."),
            ("how many days do I need for {it}?", "Four days in {it} are enough for a first look."),
            ("where should I stay in {it}?", "Stay in the old town; in {it} you will walk a lot."),
            ("is {it} expensive?", "About 90 a day for two, if you avoid the tourist menus."),
            (
                "what about the weather in {it}?",
                "Expect 17 to 22 degrees in {it}, take a raincoat.",
            ),
            ("can you book a table in {it}?", "I reserved a table in {it} for Friday, 7:30 pm."),
            ("do I need a visa?", "Please check the embassy's page: it depends on your passport."),
        ),
    ),
    "books": (
        (
            "Dune",
            "Emma",
            "The Hobbit",
            "Middlemarch",
            "Solaris",
            "Beloved",
            "The Secret History",
        ),
        (
            ("have you read “{it}”?", "“{it}” is on my favourites shelf. Shall I tell you why?"),
            ("what is “{it}” about?", "About choices, mostly. “{it}” starts slowly, be patient."),
            ("is “{it}” hard to read?", "Not at all, ten pages of “{it}” a day is a good pace."),
            ("what should I read after “{it}”?", "After “{it}” try something short and funny."),
            ("find me a quote from “{it}”", "I have marked three, I'll send one every evening."),
            ("paper or audio?", "Audio for the commute, paper for Sundays."),
        ),
    ),
    "cooking": (
        (
            "carbonara",
            "ramen",
            "shakshuka",
            "banana bread",
            "risotto",
            "pumpkin soup",
            "borscht",
        ),
        (
            ("how do I make {it}?", "For {it} you need half an hour and one good pan."),
            ("what goes with {it}?", "A green salad goes with {it}, and something sparkling."),
            ("my {it} came out too salty", "Add a potato and a little cream, that saves any {it}."),
            ("can I freeze {it}?", "You can: {it} keeps for about a month in the freezer."),
            ("I have no butter left, is that a problem?", "Olive oil will do, use a little less."),
            ("how much for six people?", "Double everything but the salt, and taste as you go."),
        ),
    ),
    "sport": (
        ("a 10k run", "yoga", "swimming", "a half marathon", "climbing", "cycling", "boxing"),
        (
            (
                "I want to start with {it}",
                "{it} it is! Let us begin with two short sessions a week.",
            ),
            (
                "how often should I train?",
                "Three times a week is plenty for {it}, rest in between.",
            ),
            (
                "my knees hurt after {it}",
                "Then skip {it} for three days; see a doctor if it stays.",
            ),
            (
                "what do I eat before {it}?",
                "A banana an hour before {it} and water, nothing heavy.",
            ),
            ("I skipped yesterday", "It happens. Today counts twice, put your shoes on!"),
            ("show me my progress", "You are 12 % faster than a month ago. Keep going!"),
        ),
    ),
    "work": (
        (
            "the presentation",
            "my interview",
            "the report",
            "the budget",
            "the contract",
            "my CV",
        ),
        (
            ("I'm nervous about {it}", "Let us rehearse {it} together, ten minutes is enough."),
            ("remind me of {it} tomorrow at 9", "Done: I'll remind you of {it} tomorrow at 9:00."),
            ("can you summarise {it}?", "Here is {it} in three points: goal, price, next step."),
            ("they moved {it} to Monday", "Good news, two more days. I changed your calendar."),
            ("how do I say no politely?", "Thank them, give one reason, offer another date."),
            ("it went really well!", "I knew it! You earned a quiet evening."),
        ),
    ),
    "orders": (
        ("order 20417", "order 31962", "the blue lamp", "the coffee machine", "the gift card"),
        (
            ("where is {it}?", "{it} left the warehouse this morning and arrives on Thursday."),
            ("I'd like to return {it}", "No problem, I have sent you a return label for {it}."),
            ("can I change the address for {it}?", "Yes, until it ships. Where should {it} go?"),
            ("the courier never called", "I am sorry! I asked them to come again tomorrow."),
            ("do you take cards?", "Cards, transfers and cash on delivery."),
            ("was I charged twice for {it}?", "The second charge was a hold, it is gone tomorrow."),
        ),
    ),
}

ENGLISH = Words(
    code="en",
    utc_offset_hours=0,
    first_names="Emily Olivia Grace Hannah Chloe Amelia Zoe Ruby James Oliver "
    "Harry Daniel Liam Noah Ethan Lucas Maya Priya Omar Felix",
    initials="ABCDEFGHJKLMNOPRSTVW",
    places=(
        "London",
        "Manchester",
        "Dublin",
        "New York",
        "Toronto",
        "Sydney",
        "Berlin",
        "Leeds",
        "",
    ),
    interests=(
        "music",
        "travel",
        "films",
        "yoga",
        "cooking",
        "books",
        "photography",
        "cats",
        "chess",
    ),
    chat_styles=("friendly", "formal", "playful", "brief", ""),
    personalities=(
        "Calm, likes detailed answers and no emoji.",
        "Writes in the evening after work, enjoys a joke.",
        "Asks many questions at once; answer point by point.",
        "",
    ),
    greetings=(
        ("hi!", "Hi there! What shall we talk about?"),
        ("hello, are you there?", "Always. What's on your mind?"),
        ("good morning ☀️", "Good morning! Did you sleep well?"),
        ("hey, it's me again", "Welcome back! I was just thinking of our last chat."),
        ("good evening", "Good evening! How was your day?"),
    ),
    farewells=(
        ("thanks, that helps a lot", "Any time. Come back whenever you like!"),
        ("ok, I have to run", "See you soon, take care!"),
        ("great, talk to you tomorrow", "It's a date. Have a lovely evening!"),
        ("you're the best, bye", "Bye! I've made a note of everything we agreed on."),
    ),
    openers=("", "", "", "by the way, ", "quick question: ", "sorry to bother you, ", "so, "),
    photo_captions=("", "", "look what I found", "this is the view right now", "my try, be honest"),
    photo_answers=(
        "What a lovely picture! Where was it taken?",
        "I like the light in this one. May I keep it in your album?",
        "Nice! That is even better than the last one you sent.",
    ),
    voice_answers=(
        "I listened to your message. Let me think about it for a moment… I would say yes.",
        "Got it, thanks for the voice note! Your mood sounds much better today.",
        "I heard most of it, but there was a lot of wind. Could you type the last part?",
    ),
    started="Conversation started",
    topics=TOPICS,
)
