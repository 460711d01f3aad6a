# ruff: noqa: E501 - a pattern is read as one line, however long
"""English: relations, attribute rules, words that end something, titles.

A rule is (topic, pattern); group `o` names which one of several and joins the attribute, group
`t` what a later pronoun stands for. The first rule that fits wins.
"""

RELATIONS = {
    **dict.fromkeys(("dad", "father"), "father"),
    **dict.fromkeys(("mom", "mum", "mother"), "mother"),
    **dict.fromkeys(("parents", "folks", "family"), "parents"),
    **dict.fromkeys(
        (
            "husband",
            "wife",
            "partner",
            "boyfriend",
            "girlfriend",
            "fiance",
            "fiancee",
            "fiancé",
            "fiancée",
            "spouse",
        ),
        "partner",
    ),
    "son": "son",
    "daughter": "daughter",
    **dict.fromkeys(("kid", "kids", "child", "children", "baby", "toddler"), "child"),
    "brother": "brother",
    "sister": "sister",
    **dict.fromkeys(("grandfather", "grandpa", "granddad"), "grandfather"),
    **dict.fromkeys(("grandmother", "grandma", "nan", "granny"), "grandmother"),
    "father-in-law": "father-in-law",
    "mother-in-law": "mother-in-law",
    "brother-in-law": "brother-in-law",
    "sister-in-law": "sister-in-law",
    "cousin": "cousin",
    **dict.fromkeys(("uncle", "aunt"), "relative"),
    **dict.fromkeys(("nephew", "niece"), "nephew or niece"),
    **dict.fromkeys(("flatmate", "roommate", "housemate"), "flatmate"),
    **dict.fromkeys(("colleague", "coworker", "co-worker", "teammate"), "colleague"),
    **dict.fromkeys(("boss", "manager"), "manager"),
    **dict.fromkeys(("friend", "buddy"), "friend"),
    "neighbour": "neighbour",
    "neighbor": "neighbour",
    "landlord": "landlord",
    "client": "client",
}

_ADV = (
    r"(?:\s+(?:now|currently|still|also|just|really|recently|actually|only|already|finally|always|"
    r"mostly|usually|primarily|mainly|officially))*"
)
_I = rf"\b(?:I|we|he|she|they|who){_ADV}"
_AM = rf"\b(?:I['’]m|I am|we['’]re|we are|he is|he['’]s|she is|she['’]s|they are|is|are|being|was){_ADV}"
_DET = r"(?:the|a|an|my|our|this|new)\s+"
ROLE = (
    r"(?:(?!(?:my|your|his|her|our|their|to|with|for|from|about|on|trouble|having|trying|getting|wrapping|seeing|considering|meeting|a|an|the)\b)[\w/-]+\s+){0,4}?(?:engineer|developer|designer|manager|director|lead|analyst|nurse|doctor|"
    r"teacher|professor|lawyer|attorney|accountant|consultant|architect|writer|editor|journalist|"
    r"scientist|researcher|student|intern|assistant|officer|chef|cook|baker|barista|waiter|waitress|"
    r"driver|pilot|mechanic|electrician|plumber|carpenter|farmer|artist|musician|photographer|actor|"
    r"actress|producer|therapist|psychologist|pharmacist|dentist|vet|veterinarian|paramedic|surgeon|"
    r"technician|administrator|coordinator|specialist|representative|salesperson|realtor|broker|agent|"
    r"founder|ceo|cto|cfo|coo|owner|freelancer|contractor|translator|interpreter|librarian|tutor|coach|"
    r"trainer|instructor|supervisor|foreman|operator|programmer|planner|recruiter|marketer|buyer|clerk|"
    r"cashier|secretary|receptionist|soldier|policeman|firefighter|judge|politician|principal|postdoc|"
    r"scholar|lecturer|undergraduate|freshman|sophomore|junior|senior|master['’]s|phd|apprentice|trainee|"
    r"partner|associate|executive|president|head|chief|sommelier|curator|biologist|chemist|physicist|"
    r"economist|statistician|geologist|historian|hygienist|stylist|florist|tailor|gardener|cleaner|nanny)s?"
)
_PETS = (
    r"(?:dog|puppy|cat|kitten|hamster|rabbit|bunny|parrot|bird|horse|pony|turtle|tortoise|fish|goldfish|"
    r"guinea pig|snake|lizard|ferret|chicken|goat|retriever|labrador|lab|poodle|terrier|shepherd|"
    r"bulldog|beagle|corgi|husky|collie|spaniel|dachshund|greyhound|tabby|siamese|pet)s?"
)
_DEVICE = (
    r"(?:laptop|computer|phone|tablet|camera|headphones|monitor|keyboard|router|printer|watch|desktop|"
    r"pc|console|tv|fridge|washing machine|server|browser|editor|operating system|os|bike|bicycle)"
)
# Well-known product lines name the device that they are.
MODELS = {
    **dict.fromkeys(("macbook", "thinkpad", "surface", "xps", "imac", "chromebook", "zenbook"), "laptop"),
    **dict.fromkeys(("iphone", "pixel", "galaxy", "oneplus", "fairphone"), "phone"),
    "ipad": "tablet", "kindle": "e-reader", "airpods": "headphones", "playstation": "console", "xbox": "console",
}  # fmt: skip
_MODELS = "(?:" + "|".join(MODELS) + ")"
_CHANGED = (
    r"(?:(?:has|have|had|was|were|is|are|got|been|recently|just|now|since|also)\s+)*"
    r"(?:moved|changed|switched|updated|increased|decreased|reduced|raised|lowered|extended|postponed|"
    r"pushed back|pushed|rescheduled|bumped up|bumped|shifted|upgraded|downgraded|delayed|cut|"
    r"improved|dropped|went up|went down|gone up|gone down|came down|grown|grew|risen|rose|fell|fallen|expanded|revised|brought forward)"
    r"(?:\s+(?:back|up|down|out))?(?:\s+from\s+[^,.;]{1,40}?)?\s+(?:to|until|till|by|for)\b"
)
_TIME = (
    r"(?:today|tomorrow|tonight|next|this|on|at|in|mon|tues?|wed|thurs?|fri|sat|sun|jan|feb|mar|apr|may|"
    r"june?|july?|aug|sep|oct|nov|dec|\d)"
)
_KNOWN = (
    r"(?:budget|deadline|due date|launch date|release date|start date|end date|move-in date|price|rent|salary|wage|goal|"
    r"target|quota|limit|version|address|phone number|email|password|capacity|headcount|team size|rate|fee|score|"
    r"weight|height|shoe size|size|seat|room number|gate|status|database|framework|stack|hosting|provider|namespace|"
    r"region|currency|timezone|time zone|opening hours|hours|schedule|curfew|blood type|password hint)"
)
_DAY = (
    r"(?:today|tomorrow|next|this|later|(?:mon|tues?|wednes|thurs?|fri|satur|sun)day\w*|(?:january|february|march|april|may|june|july|august|september|"
    r"october|november|december)|\d+(?:st|nd|rd|th|[.:]\d\d)?|noon|midnight)\b"
)
_EVENT = (
    r"(?:appointment|meeting|interview|flight|train|exam|test|class|lesson|session|check-?up|surgery|"
    r"reservation|booking|wedding|party|call|demo|presentation|review|deadline|launch|release|delivery|"
    r"viewing|visit|concert|conference|workshop|webinar|dinner|lunch|course|trip|vacation|holiday|race|"
    r"marathon|hearing|event|gig|move|shift|sync|standup|stand-up|sprint)"
)
_VALUE = (
    r"(?:(?:a|an)\s+(?!bit\b|mess|problem|lot\b|little|total|complete|great|good|bad|real|huge|nightmare|"
    r"disaster|pain|concern|bummer|shame|joke|big)|the\s+\w+|about\s+\d|around\s+\d|only\s+\d|[$€£¥]?\d|"
    r"called\b|named\b|\S+@\S+|https?:|on\s+\w+day|at\s+\d|due\b|scheduled\b|set\b|(?-i:[A-Z]))"
)
_NOT_ATTRIBUTE = (
    r"(?!friend|colleague|question|problem|issue|idea|point|thought|opinion|concern|understanding|goal is|"
    r"plan is to|hobb|experience|feeling|guess|favou?rite part|first\b|worry|only|main (?:issue|problem))"
)

RULES: tuple[tuple[str, str], ...] = (
    (
        "name",
        r"\b(?:my (?:full |first |last )?name(?:['’]s| is)|I['’]m called|call me|I go by)\s+\S+",
    ),
    (
        "allergy",
        r"\ballergic (?:reaction )?to\s+(?P<o>[\w -]{2,30}?)(?=$|[,.;]|\s+(?:and|so|but|which|that|since)\b)",
    ),
    ("allergy", r"\b(?:have|has|got)\s+(?:an?\s+)?(?:\w+\s+)?(?P<o>\w+)\s+allerg(?:y|ies)\b"),
    ("allergy", r"\b(?P<o>lactose|gluten|histamine|fructose)[- ]intolerant\b"),
    (
        "diet",
        r"\b(?:I['’]m|I am|we['’]re|I became|I went|I['’]ve (?:gone|become)|is|went|now)\s+(?:\w+\s+)?(?:vegan|vegetarian|pescatarian|keto|kosher|halal|gluten-free|dairy-free)\b|\b(?:gave up|stopped eating|don['’]t eat|doesn['’]t eat|no longer eat|eat no)\s+(?:\w+)",
    ),
    (
        "pet",
        r"\b(?P<t>(?P<o>(?-i:[A-Z])\w+))\s+(?:\w+\s+)?(?:died|passed away|ran away|was put down|has died|is gone)\b",
    ),
    (
        "pet",
        rf"\b(?:have|has|got|adopted|bought|own|rescued|getting|keep)\s+(?:\w+\s+)?(?:a|an|two|three|another|our|my|\d)\s+(?P<t>[\w -]{{0,40}}?{_PETS})\b[^.;]{{0,24}}?\b(?:called|named|name is)\s+(?P<o>\w+)",
    ),
    (
        "pet",
        rf"\bmy\s+(?P<t>(?:[\w-]+\s+){{0,4}}?{_PETS})(?:\s+is\s+(?:called|named)|['’]s name is|,)?\s+(?P<o>(?-i:[A-Z])\w+)\b",
    ),
    (
        "pet",
        rf"\b(?:have|has|got|adopted|bought|own|rescued)\s+(?:\w+\s+)?(?:a|an|two|three|another|\d)\s+(?P<o>(?:[\w-]+\s+){{0,4}}?{_PETS})\b",
    ),
    (
        "home",
        r"\b(?:bought|buying|own|owns|purchased|renting|rent|rents|built|building|inherited)\s+(?:\w+\s+)?(?:a|an|the|our|my)\s+(?:[\w-]+\s+){0,4}?(?:house|home|flat|apartment|bungalow|cottage|condo|studio|townhouse|villa|duplex|loft|farmhouse|cabin|terrace|maisonette|farm)\b",
    ),
    (
        "residence",
        rf"{_I}\s+(?:live|lives|reside|resides|stay|stays|living|lived)(?:\s+\w+)?\s+(?:in|near|at|on|outside|with)\b",
    ),
    (
        "residence",
        rf"(?:^(?:just |recently |finally |since )?|\b(?:I|we|he|she|they|who|family|my \w+|our \w+)(?:['’](?:ve|re|m|s|ll|d))?\s+(?:(?!was|were|been|got)\w+\s+){{0,3}}?)(?:moved|moving|relocated|relocating|move|relocate)\b(?:\s+(?:back|out|away|over|house|home))?(?:\s+from\s+[^,.;]{{1,30}}?)?\s+(?:to|into)\s+(?!{_DAY}|the (?:next|other)|a (?:new|different) (?:approach|topic))(?:the\s+|a\s+|an\s+|our\s+|my\s+)?[\w'’-]",
    ),
    (
        "location",
        rf"{_AM}\s+(?:based|located|stationed|posted)\s+(?:in|near|at|out of)\b|\b(?:I['’]m|I am|we['’]re|I work)\s+(?:in|at|from)\s+the\s+[\w -]+\s+(?:office|branch|campus|site)\b|\bnow based in\b",
    ),
    (
        "residence",
        r"\b(?:I['’]m|I am|we['’]re|we are)\s+(?:now\s+|currently\s+)?(?:in|near)\s+(?-i:[A-Z])[\w-]+",
    ),
    (
        "hometown",
        rf"{_AM}\s+(?:originally\s+)?from\s+(?-i:[A-Z])|\b(?:I|he|she) (?:grew up|was born) in\b|\bmy hometown\b",
    ),
    (
        "job",
        rf"(?:{_AM}|{_I}\s+(?:work|works|worked|started|start|serve|became|become|been promoted|got promoted)(?:\s+(?:as|to))?|\bpromoted to|(?:^|[,;]\s*|\bbut\s+|\bnow\s+|\band\s+)as|(?:^|\bI\s+)now)\s+(?:an?\s+|the\s+|our\s+)?{ROLE}\b(?!['’]s)(?!\s+(?:is|was|said|told|asked|suggested|who))",
    ),
    (
        "job",
        r"\b(?:my (?:new |current )?(?:job|role|job title|title|position|occupation)(?: is| has changed| changed))\b|\b(?:promoted|new (?:job|role|position)) (?:to|as)\b",
    ),
    (
        "department",
        rf"{_AM}\s+(?:in|on|with|part of)\s+(?:the|our)\s+[\w &-]+?\s+(?:team|department|group|division|unit|squad|org)\b|\b(?:joined|moved to|transferred to|switched to)\s+(?:the|our)\s+[\w &-]+?\s+(?:team|department|group|division|unit|squad)\b",
    ),
    (
        "employer",
        rf"{_I}\s+(?:work|works|working|worked)(?:\s+\w+)?\s+(?:for|at)\b|{_AM}\s+(?:working|employed)\s+(?:for|at|by)\b|\b(?:joined|still with|hired by|quit|resigned from|left)\s+(?:my job|(?-i:[A-Z])[\w&-]+)|\b(?:I|he|she) run(?:s)? (?:a|my own|my)\b",
    ),
    (
        "marital",
        r"\b(?:got|getting|am|I['’]m|we['’]re|been)\s+(?:\w+\s+)?(?:married|divorced|engaged|single|separated|widowed)\b|\bbroke up with\b",
    ),
    (
        "school",
        rf"{_I}\s+(?:study|studies|studying|go to|attend|attends|graduated|enrolled)\b|{_AM}\s+(?:studying|enrolled|attending)\b|\b(?:accepted (?:in)?to|graduated from|majoring in|my major)\b",
    ),
    (
        "age",
        r"\b(?:I['’]m|I am|he is|he['’]s|she is|she['’]s|is|turned|turning|just turned)\s+(?:now\s+)?(?:\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten)\s+(?:years?|months?)\s+old\b|\b(?:I['’]m|I am|he['’]s|she['’]s|turned|just turned)\s+(?:now\s+)?\d{1,2}(?![\d,.:%]\d|\s*(?:%|am|pm|min|km|kg|lb|cm|miles|hours|days|weeks|pages))(?:$|[,.]|\s+(?:now|and|this|last|next))",
    ),
    (
        "vehicle",
        r"\b(?:my (?:new |current )?(?:car|truck|van|motorbike|motorcycle|suv)(?:['’]s| is))\s+(?:a|an|the|\d)|\b(?:drive|drives|bought|leased|got)\s+(?:a|an|my)\s+(?P<t>(?:[\w-]+\s+){0,5}?(?:car|truck|van|suv|motorbike|motorcycle|tesla|toyota|honda|ford|bmw|audi|skoda|volvo|vw|volkswagen|nissan|mazda|hyundai|kia|subaru))\b",
    ),
    (
        "device",
        rf"\bmy (?:new |current |old |work |main |home )*(?P<t>(?P<o>{_DEVICE}))(?:['’]s| is| was)\s+(?:now\s+)?(?:a|an|the|running|\d|(?-i:[A-Z]))",
    ),
    (
        "device",
        rf"\b(?:bought|got|use|using|switched to|upgraded to|replaced)\s+(?:myself\s+)?(?:a|an|my)\s+(?:new\s+)?(?P<t>(?:(?!to\b|of\b|for\b|in\b|with\b|from\b|and\b)[\w-]+\s+){{0,4}}?(?P<o>{_DEVICE}))\b",
    ),
    (
        "device",
        rf"\b(?:use|using|have|got|bought|own|switched to|upgraded to|moved to|replaced it with)\s+(?:a|an|my|the)\s+(?:[\w.-]+\s+){{0,3}}?(?P<t>(?P<o>{_MODELS}))\b",
    ),
    (
        "rate",
        r"\b(?:run|runs|running|walk|walks|walking|cycle|cycling|swim|swimming|bike|biking|ride|write|writing|read|reading|up to|down to|now do|doing|averag\w+)\b[^.;]{0,24}?\d[\d.,]*\s*(?P<o>(?:km|kilometers|kilometres|k|miles|steps|words|pages|laps)\s+(?:a|per|each|every)\s+(?:day|week|month|night))",
    ),
    (
        "learning",
        r"\b(?:learning|studying|practi[sc]ing|picking up|taking up|started)\s+(?P<o>(?-i:[A-Z])\w+|guitar|piano|violin|chess|swimming|drawing|painting|ballet|yoga|coding|programming|pottery)\b",
    ),
    (
        "trip",
        r"\b(?:going|travel(?:l?ing)?|fly(?:ing)?|headed|heading|driving|trip|visiting|holiday|vacation|off)\s+(?:to|in)?\s*(?P<o>(?-i:[A-Z])[\w-]+(?:\s+(?-i:[A-Z])[\w-]+)?)\b",
    ),
    (
        "schedule",
        rf"\b(?:my|our|the|a|an)\s+(?P<o>(?:[\w'’-]+\s+){{0,3}}?{_EVENT})\s+(?:with\s+[\w. ]+?\s+)?(?:is|was|has been|got|will be|are|now|starts?|begins?|moved|changed|booked|scheduled|set|falls)\b[^,;]{{0,40}}?\b{_TIME}",
    ),
    (
        "schedule",
        rf"\b(?:have|has|got|booked|scheduled|made)\s+(?:a|an|my|our)\s+(?P<o>(?:[\w'’-]+\s+){{0,3}}?{_EVENT})\b[^,;]{{0,40}}?\b{_TIME}",
    ),
    (
        "count",
        rf"{_I}\s+(?:have|own|run|manage|keep|lead|look after|got|collected|read|completed|finished|grown)(?:\s+(?:now|about|around|over|up))*\s+(?:\d[\d,]*|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|fifty)\s+(?P<o>(?:[\w-]+\s+){{0,2}}?[a-z]+s)\b(?!\s+(?:ago|per|of|old))",
    ),
    (
        "plan",
        r"\b(?:on|have|has|using|subscribed to|bought|chose|took|moved to|switched to)\s+(?:the|your|a|their)\s+(?:[\w-]+\s+){0,2}?(?:plan|tier|subscription|package)\b|\b(?:upgraded|downgraded)\s+(?:from\s+[\w ]+?\s+)?to\s+(?:the\s+)?(?-i:[A-Z])",
    ),
    (
        "schedule",
        rf"^(?:and\s+|but\s+|the\s+|our\s+|my\s+)*(?P<o>(?!i\b|we\b|he\b|she\b|it\b|they\b|this\b|that\b|there\b)(?:[\w-]+\s+){{0,2}}?[\w-]+?)\s+(?:happens?|are|is|takes? place|runs?|starts?|begins?|opens?|closes?|moved|rehearses?|meets?|were moved|was moved)(?:\s+now)?\s+(?:to|every|on|at|from)\s+(?:every\s+)?{_DAY}",
    ),
    (
        "generic",
        rf"\b(?:my|our|the|this)\s+(?P<o>(?:[\w-]+\s+){{0,2}}?{_KNOWN}(?:\s+(?:for|of)\s+the\s+[\w -]{{1,24}}?)?)(?:\s+(?:for|of)\s+(?:my|our|this)\s+[\w-]+)?(?:['’]s|\s+(?:is|are|was))\s+(?!not\b|too\b|very\b|a bit\b|(?:\w+\s+)?(?:moved|pushed|increased|changed|extended|raised|set back|postponed)\b)",
    ),
    (
        "generic",
        rf"\b(?:my|our)\s+(?P<o>{_NOT_ATTRIBUTE}(?:[\w-]+\s+){{0,4}}?[\w-]+?)(?:['’]s|\s+(?:is|are|was))(?:\s+(?:now|currently|still))*\s+{_VALUE}",
    ),
    ("generic", rf"\b(?:my|our|the)\s+(?P<o>(?:[\w-]+\s+){{0,5}}?[\w-]+?)\s+{_CHANGED}"),
    ("generic", r"\b(?:my|our|the)\s+(?P<o>(?:[\w-]+\s+){0,3}?[\w-]+?)\s+(?:is|are)\s+now\b"),
)

ENDS = (
    r"\b(?:moved|switched|changed|transferred|relocated|migrated|went|upgraded|converted)\s+(?:\w+\s+)?from\s+(?P<x>[\w .&-]{2,30}?)\s+to\b",
    r"\b(?:no longer|not)\s+(?:live in|work for|work at|use|using|own|have|drive|at|with|in|eat|take|on|a|an)\s+(?:the\s+|a\s+|an\s+|my\s+)?(?P<x>[\w .&-]{2,30}?)(?=$|[,.;]|\s+(?:any|and|but|so|since|because)\b)",
    r"\b(?:cancelled|canceled|sold|quit|left|dropped|stopped using|got rid of|gave up|returned|unsubscribed from|ditched)\s+(?:the\s+|a\s+|an\s+|my\s+|our\s+)?(?P<x>[\w .&-]{2,30}?)(?=$|[,.;!]|\s+(?:and|but|so|since|because|for|last|this|yesterday|in|on)\b)",
    r"\b(?:the|my|our)\s+(?P<x>[\w .&-]{2,30}?)\s+(?:is|was|got|has been)\s+(?:cancelled|canceled|called off|sold|off)\b",
    r"\binstead of\s+(?:the\s+|a\s+|my\s+)?(?P<x>[\w .&-]{2,30}?)(?=$|[,.;])",
)

SAME: dict[str, str] = {
    "mobile phone": "phone", "cell phone": "phone", "cellphone": "phone", "smartphone": "phone",
    "computer": "laptop", "pc": "laptop", "e-mail": "email", "email addres": "email",
    "mobile number": "phone number", "bicycle": "bike", "os": "operating system", **MODELS,
}  # fmt: skip

LOOSE = frozenset(
    [
        "new",
        "current",
        "currently",
        "own",
        "old",
        "latest",
        "now",
        "updated",
        "original",
        "initial",
        "for",
        "of",
        "with",
        "to",
        "in",
        "on",
        "at",
        "by",
        "total",
        "overall",
        "present",
        "my",
        "our",
        "their",
    ]
)

LABELS = {
    "name": ("Name", "name called"),
    "allergy": ("Allergy", "allergy allergic avoid food medicine intolerance"),
    "diet": ("Diet", "diet eat food avoid restriction"),
    "pet": ("Pet", "pet animal pets have name"),
    "residence": ("Residence", "live lives living residence city place home where address move"),
    "location": ("Location", "based office location city where work live"),
    "home": ("Home", "house home property own rent kind where flat"),
    "hometown": ("Hometown", "from hometown origin born grew up"),
    "job": ("Job", "job role occupation profession position work title do for a living"),
    "department": ("Team", "team department work"),
    "employer": ("Employer", "company employer work job where for"),
    "marital": ("Relationship", "married relationship partner status"),
    "school": ("Education", "study school university college education major"),
    "age": ("Age", "age old years"),
    "vehicle": ("Vehicle", "car drive vehicle model"),
    "device": ("Device", "device model use machine"),
    "rate": ("Amount", "how much how many per week day"),
    "learning": ("Learning", "learning language study practice which"),
    "plan": ("Plan", "plan subscription tier which on"),
    "trip": ("Trip", "trip travel plan where going visit"),
    "schedule": ("Schedule", "when time date schedule appointment"),
    "count": ("Count", "how many number"),
    "like": ("Likes", "like likes prefer favourite enjoy interest kind taste"),
    "dislike": ("Dislikes", "dislike avoid not like hate never"),
    "style": ("Answer style", "answer answers reply written style format should prefer"),
    "habit": ("Habit", "habit usually prefer"),
    "request": ("Standing request", "request wants should prefer how"),
    "decision": ("Decision", "chose decided ordered bought choice"),
    "done": ("Done", "done result completed"),
}


def singular(word: str) -> str:
    """The word without the commonest plural endings."""
    if word.endswith("ies") and len(word) > len("dies"):
        return word[:-3] + "y"
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > len("bus"):
        return word[:-1]
    return word
