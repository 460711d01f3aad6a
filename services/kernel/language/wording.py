"""General language knowledge, Chinese and English: negators, persons, questions, past.

Nothing here belongs to a field or to a product.
"""

import re

I = re.IGNORECASE  # noqa: E741 - as in `re`

# What negates is looked for in text of small letters (`lowered`), in half the time of ignoring
# case; Chinese words at Chinese characters and English ones at the beginnings of words, in a third
# of the time that it takes to try all at each character.
_ZH = r"(?=[\u3400-\u9fff])"

# What looks like a negator and is none; masked before negators are looked for.
NO_NEGATOR = re.compile(
    rf"{_ZH}(?:不(?:超过|少于|低于|高于|大于|小于|多于|同|错|过|但|仅|管|论|光|如|断|久|客气|好意思"
    r"|知道|清楚|确定"
    r"|得(?:超过|少于|低于|高于)|止|妨|愧|得了|只是|要紧|料)|差不多|对不起|了不起|要不|能不能"
    r"|是不是|会不会|要不要"
    r"|可不可以|好不好|行不行|用不用|没(?:问题|关系|事|准|错)|有没有|(?:特|级|区|性|分|个|类|告"
    r"|识|鉴|辨)别|别(?:的|人|墅|名)"
    r"|无(?:线|论|锡|人机|疑|所谓|数|比|非|穷|奈|限)|非(?:常|但|凡)|免(?:得|费)|未(?:来|婚)"
    r"|莫(?:名|非))"
    r"|\b(?:not (?:only|just|sure|to mention|least|yet sure|necessarily)"
    r"|no (?:more|less|fewer|later|earlier|longer) than|no (?:problem|worries|doubt|matter"
    r"|idea|wonder)"
    r"|(?:don'?t|do not) (?:know|mind|worry|think|forget|hesitate)|(?:can'?t|cannot) wait"
    r"|(?:why|should|could|can|would|do|does|did|is|are|has|have)n'?t (?:i|we|you|it|they|he"
    r"|she))\b|--no-[\w-]+",
)
# The scope is what follows.
NEGATOR = re.compile(
    rf"{_ZH}(?:不再|不能|不可|不得|不宜|不许|不准|不要|不想|不用|不吃|不喝|不含|不适(?:合|用)|不包括"
    r"|不支持|不提供|不享受|不喜欢|不是|不"
    r"|没有|没|毫无|无|零(?![售食件钱点下碎散部度\d一二三四五六七八九])|勿|未|别|禁止|严禁|禁|忌|避免|避开|远离|拒绝|戒[掉了]?(?!指|备|尺|律)|讨厌|反感|嫌弃?|最烦|怕(?!是|不)|排除|除了|以外"
    r"|(?:受|忍|容忍|接受|承受|吃|喝|住|用|穿|闻|坐)不(?:了|住|惯|来|起)|而非)"
    r"|\b(?:not|never|no|none|neither|nor|without|cannot|avoid(?:s|ing|ed)?|except(?:ing)?"
    r"|exclud(?:e|es|ing)"
    r"|allerg(?:ic|y|ies) to|intoleran(?:t|ce) (?:to|of)|sensitive to|instead of|rather than"
    r"|other than"
    r"|refus(?:e|es|ed|ing)|hate[sd]?|dislike[sd]?|lack(?:s|ing)?|quit|free (?:of|from)"
    r"|contraindicated (?:in|for)"
    r"|(?:stay|keep|shy)(?:s|ing)? away from|steer(?:s|ing)? clear of|afraid of|scared of"
    r"|terrified of|fed up with|sick of|put off by|wary of|detests?|loathes?|apart from"
    r"|aside from|anything but|nothing (?:with|containing|involving|like|where|that"
    r"|which|made (?:of|with))|skip(?:ping)?"
    r"|hold the|leave out|(?:gave|given|giving|give) up|stopped (?=\w+ing)|reacts? (?:badly )?to"
    r"|(?:i['’]?m|she['’]?s|he['’]?s|we['’]?re|been|being) off (?!to|for|on|work|the|sick|next)"
    r"|(?:(?:throw|threw|thrown|throwing)s? up|(?:get|got|fall|fell|feel|felt|been)s? (?:\w+ )?"
    r"(?:sick|ill|queasy|bloated)|(?:come|came|break|broke)s? out in \w+)"
    r" (?=when|whenever|after|from|if|on|with|every)"
    r"|(?:toxic|poisonous|harmful|dangerous|unsafe|hazardous|unfit) (?:to|for)"
    r"|unsuitable for|forbidden|prohibited)\b|\b\w++(?<=n)['’]t\b",
)
# What excludes without appeal.
HARD = re.compile(
    r"过敏|禁|忌|不能|不可|不得|不宜|严禁|不吃|不喝|不耐受|不适|受不了|勿"
    r"|\ballerg|\bintoleran|\bcannot\b|\bcan['’]?t\b|\bnever\b|\bforbidden\b|\bprohibited\b"
    r"|\bmust\s?n['’]?o?t\b"
    r"|\bcontraindicated\b|\bavoid|\bunsuitable\b|\bnot (?:suitable|allowed|for)\b|\bno\b",
)
# What says whom or what something is not for.
BARS = re.compile(
    r"禁|忌|不宜|不得|不可|不适|不能(?:用|吃|喝|服|参加|使用|做)|慎用|勿|不建议|不推荐"
    r"|\b(?:forbidden|prohibited|contraindicated|unsuitable|toxic|poisonous|harmful|unsafe)\b"
    r"|\bavoid(?:ed)? (?:if|in|by|for)\b"
    r"|\bnot (?:suitable|allowed|recommended|intended|meant|advised|permitted|for)\b"
    r"|\bmust\s?n['’]?o?t\b",
)
# The scope is what stands before, as in "X过敏", "X-free".
AFTER_NEGATOR = re.compile(
    rf"{_ZH}(?:(?:会|就|容易|严重)?(?:过敏|不耐受?)|禁用|除外|忌用|慎用|免了|免谈|就算了|踩过?雷|劝退"
    r"|有阴影|有毒(?!物|素)|有害(?!物|垃圾)|(?:碰|吃|喝|沾|闻|用|动)不得)|[\s-]free\b"
    r"|(?:['’]s|['’]re|\bis|\bare|\bwas|\bwere)(?:n['’]t| not)? (?:\w+ly )?(?:out of the question"
    r"|off (?:the (?:table|menu|list|cards)|limits)|not? an option|an option (?=\Z)|a (?:\w+ )?no\b"
    r"|a (?:deal[ -]?breaker|non[ -]?starter)|no[ -]go|not my (?:thing|cup of tea|style))"
    r"|\b(?:isn|aren|wasn|weren)['’]t (?:an option|my (?:thing|cup of tea|style)|for me)"
    r"|\b(?:excluded|allerg(?:y|ies)|(?:should|must|may|can) (?:not|avoid|never)|intolerance"
    r"|(?:is|are) (?:forbidden|prohibited|excluded))\b",
)
# Harm that something does: what stands in the same sentence is to be kept away.
HARM = re.compile(
    r"\b(?:(?:sets?|setting) (?:\w+ ){1,2}off\b|(?:aggravat|irritat|worsen)\w*|flares? up\b"
    r"|disagrees? with\b|(?:is|are) (?:bad|harmful|dangerous|poison|toxic) (?:for|to)\b"
    r"|bothers? (?:me|him|her|us|them)\b"
    r"|(?:make|give|send|cause|trigger|upset|put|bring)s?\b[^.;!?]{0,160}\b(?:sick|ill|hospital|rash"
    r"|hives|migraines?"
    r"|headaches?|diarrh\w+|cramps?|bloat\w*|itch\w*|swell\w*|vomit\w*|reactions?|asthma|shock"
    r"|emergency|a&e|er)\b"
    r"|anaphyla\w+)"
    rf"|{_ZH}(?:拉稀|拉肚子|腹泻|起疹|红疹|荨麻疹|发痒|呕吐|哮喘|喘不|休克|住院|进医院|急诊|中毒"
    r"|胃(?:痛|疼|不舒服)|肿起来)",
)
SCOPE_END = re.compile(
    r"[。！？!?；;：:\n]|[，,](?!\s*(?:or|and|nor)\b)|且|而(?!非)|但|却|只|\bonly\b|\bbut\b|\bhowever\b"
    r"|\balthough\b|\bthough\b|\bbecause\b|\bso\b|\bwhile\b",
)
# One more item of an enumeration: few words, or few characters, up to the next comma or end.
ENUMERATION = re.compile(
    r"\s*(?:(?:or|and|nor)\s+)?(?:[a-z][\w-]*(?:\s(?!or\b|and\b|nor\b)[a-z][\w-]*)?"
    r"|(?:(?![可能是有会要应宜适太很真都也就还不没我你他她它])[\u3400-\u9fff]){1,3})"
    r"\s*(?=[，,。.！？!?；;]|\s(?:or|and|nor)\s|$)",
)

# What may follow a Chinese negator whose object stands before it: "折叠的别给我推", "我也不考虑".
BARE_VERB = re.compile(
    r"(?:再|给[我咱俺]们?|帮我|替我|太|敢|愿意?|打算|准备|予|作|去|会|能|肯|想|要|让|许|准|用|必|往"
    r"|推荐?|考虑|接受|喜欢|合适|感兴趣|放心)*.{0,2}"
)
# What is said before, in the same sentence, is refused.
REFUSAL = re.compile(
    r"\b(?:never again|no thanks?|no thank you|not for (?:me|us)|hard pass|no way|not again"
    r"|count me out"
    r"|(?:can|could)(?:no|['’])t (?:stand|bear) (?:it|them|that))\b"
    rf"|{_ZH}(?:(?:再也|以后|绝对?|死也|打死|这辈子|坚决)(?:都|再|也|我){{0,6}}(?:不|别)"
    r"(?:会|再|想|要|给我)*[买用吃喝去碰选订推住坐来做试穿]"
    r"|敬谢不敏|没有下次)",
)
CLAUSE_END = re.compile(r"[了的呢吧啊哦]?\s*(?:$|[，,。.！？!?；;\n])")

SELF = re.compile(
    r"我们|我|咱们?|俺|本人|自己|用户|(?<![\w'])(?:i|i['’](?:m|ve|d|ll)|im|ive|we"
    r"|we['’](?:re|ve|d|ll)|my|mine|our|ours|me|us|myself|ourselves|the user)(?![\w])",
    I,
)
_KIN_ZH = (
    r"老公|老婆|丈夫|妻子|爱人|先生|太太|对象|男友|女友|男朋友|女朋友|未婚[夫妻]|爸妈|父母|爸爸?"
    r"|妈妈?|父亲|母亲|老爸|老妈|公公|婆婆"
    r"|岳父|岳母|哥哥?|姐姐?|弟弟?|妹妹?|[表堂][哥姐弟妹]|爷爷|奶奶|外公|外婆|姥姥|姥爷|叔叔?"
    r"|伯伯|阿姨|姑姑?|舅舅?|姨妈?|嫂子?"
    r"|姐夫|妹夫|侄[子女]|外甥女?|亲戚|家人|同事|朋友|闺蜜|室友|舍友|同学|邻居|老板|领导|上司"
    r"|主管|经理|客户|房东|师傅|导师|老师"
    r"|搭档|队友|哥们|兄弟|姐妹|小伙伴|伙伴|徒弟|徒儿|师兄|师姐|师弟|师妹|学长|学姐|学弟|学妹"
    r"|下属|组员|组长|实习生|老乡|网友|病友|租客|房客|合伙人|甲方|丈母娘|老丈人|公婆"
    r"|舅妈|婶婶?|伯母|姑父|姨父|姑妈|表亲|孙媳|儿媳|女婿|亲家|前夫|前妻|前任"
    r"|(?:竞争)?对手|同行|对方|其他人|大[哥姐叔妈爷]|同桌|对门|楼[上下]的?|隔壁|别家|人家|别人|有人|他们|她们|他|她"
)
_KIN_EN = (
    r"husband|wife|partner|spouse|boyfriend|girlfriend|fianc[eé]e?|mother|father|mum|mom|dad"
    r"|parents?|brothers?|sisters?|siblings?"
    r"|grand(?:ma|pa|mother|father|parents?)|aunts?|uncles?|cousins?|nephews?|nieces?|in-laws?"
    r"|(?:mother|father|brother|sister)-in-law"
    r"|friends?|colleagues?|co-?workers?|boss|manager|neighbou?rs?|roommates?|flatmates?"
    r"|housemates?|teammates?|clients?|landlord"
    r"|landlady|tenants?|teacher|classmates?|coursemates?|dorm ?mates?|team ?mates?|mates?"
    r"|budd(?:y|ies)|pals?|blokes?|guy|lady|ex|mentor|mentee|apprentices?|interns?|trainees?"
    r"|supervisor|in-?laws?|nan|nana|gran|granny|granddad"
    r"|grandad|step(?:mum|mom|dad|mother|father|brother|sister)|folks|relatives?"
    r"|other half|competitors?|rivals?|the others?|everyone else|everybody else|other people"
    r"|somebody|someone|he|she|they|him|his|her|hers|their|them"
)
OTHER = re.compile(rf"(?:{_KIN_ZH})|\b(?:{_KIN_EN})\b", I)
_DEPENDANT_ZH = r"宝宝|孩子|小孩|娃|儿子|女儿|闺女|孙子|孙女|婴儿|小猫|小狗|狗狗|猫咪|猫|狗|犬|宠物"
_DEPENDANT_EN = (
    r"kids?|child(?:ren)?|sons?|daughters?|bab(?:y|ies)|toddlers?|infants?|newborn|twins"
    r"|grand(?:son|daughter|child(?:ren)?)s?|pupp(?:y|ies)|kittens?|dogs?|cats?|pets?"
)
DEPENDANT = re.compile(rf"(?:{_DEPENDANT_ZH}|它们?)|\b(?:{_DEPENDANT_EN}|its?)\b", I)
# "my husband", "我姐", "我的同事": the first person owns, the other one acts.
POSSESSED = re.compile(
    rf"(?:我们|我|咱们?|俺)(?:的|家的?|们的?)?(?:[那这几有一][个位些群帮]?)?(?:[^，。！？；,;]{{0,6}}的)?"
    rf"(?:[老小大亲]|最好的)?(?:{_KIN_ZH})"
    r"|(?:我们|咱们?)(?:组|部门?|公司|单位|班|院|校)?的?(?:老大|头儿|主任|总监|部长|科长|院长|校长|班长)"
    rf"|\b(?:my|our)\s+(?:[\w-]+\s+){{0,2}}?(?:{_KIN_EN})"
    rf"(?:['’]s\b|\b)(?! and (?:i|me)\b)",
    I,
)
OWN_DEPENDANT = re.compile(
    rf"(?:我们|我|咱们?|俺)(?:的|家的?|们的?)?(?:{_DEPENDANT_ZH})"
    rf"|\b(?:my|our)\s+(?:[\w-]+\s+){{0,3}}?(?:{_DEPENDANT_EN})\b",
    I,
)
TOGETHER = re.compile(
    rf"(?:我们|我|咱)(?:和|跟|与|同)(?:{_KIN_ZH})|(?:{_KIN_ZH})(?:和|跟|与|同)我"
    rf"|\b(?:i|me) and (?:my )?(?:{_KIN_EN})\b|\b(?:my )?(?:{_KIN_EN}) and (?:i|me)\b",
    I,
)

QUESTION_WORD = re.compile(
    r"吗|呢$|啥|咋|怎么|怎样|如何|什么|哪|多少|几(?:个|点|天|号|月|时|次|种|岁|块|张)|谁|为什么|是不是"
    r"|有没有|能不能|会不会|可不可以|要不要|是否|该不该"
    r"|^\W*(?:(?:and|so|also|but|ok|okay|hi|hello|hey|please|then|or)\W+)*(?:what|which|who"
    r"|whose|where|when|why|how|do|does|did|is|are"
    r"|was|were|can|could|would|will|should|shall|may|might|have|has)\b",
    I,
)
CONDITIONAL = re.compile(r"如果|假如|要是|万一|倘若|\bif\b|\bsuppose\b|\bin case\b|\bunless\b", I)
PAST = re.compile(
    r"以前|之前|从前|过去|曾经?|原来|当初|原先|早先|起初|最早|不再|已经不|上一(?:个|台|份|家|辆"
    r"|部)|前(?:东家|公司|单位|任)|旧的?(?:手机|电脑|车|房|公司|号)"
    r"|\bused to\b|\bpreviously\b|\bformer(?:ly)?\b|\bin the past\b|\bback then\b|\boriginally\b"
    r"|\bno longer\b|\bnot any ?more\b"
    r"|\bonce (?:lived|worked|had|was|owned)\b|\bold (?:job|phone|laptop|computer|car|flat"
    r"|apartment|house|office|place|employer|company)\b"
    r"|\bmy ex\b|\bbefore (?:that|this|i|we)\b|\b(?:sold|cancelled|canceled|gave up|returned)\b",
    I,
)
# What holds now, whatever was said just before.
NOW = re.compile(
    r"现在|如今|目前|眼下|改(?:成|用|为|做|去)|换(?:成|到|了)|转(?:到|成|为)|升(?:到|级|成|为)|调(?:到|去)|搬(?:到|去|进)"
    r"|\bnow\b|\bthese days\b|\bcurrently\b|\bas of\b|\binstead\b|\bfrom now on\b|\bsince then\b",
    I,
)
# The query asks for several persons together.
JOINT = re.compile(
    r"我们俩|我们两|我俩|咱俩|咱们|我们(?:全|一)?家|一家|全家|家里人?|两口子|(?:带|陪|跟|和|同)[^，。]{0,4}(?:一起|去|吃|住)"
    r"|\b(?:two|three|four|five|both|all) of us\b|\bfor (?:us|both|everyone|everybody)\b|\bus all\b"
    r"|\b(?:our|the|my) family\b|\btogether\b|\bcan we\b|\bshould we\b|\bcould we\b",
    I,
)
# The query wants another one of what the user has.
ALTERNATIVE = re.compile(
    r"换(?:一|个|款|种|家|台|成|别)|另[一外]|别的|其[他它]|替代|改[用买吃换选]|代替"
    r"|\b(?:another|different|alternatives?|something else|other (?:than|one|ones|options?)"
    r"|switch(?:ing)? (?:to|away)|instead|replacement)\b",
    I,
)
WISH = re.compile(
    r"推荐|建议|哪[一款个种家台些]|什么好|想|有没有|选"
    r"|\b(?:recommend|suggest|which|want|would like|looking for|look for|prefer|should i|could i"
    r"|what (?:else|other|about))",
    I,
)
ACQUIRED = re.compile(
    r"买|下单|购|订了?|入手|在用|用的是|选了?|吃的是|喝的是|就要|开始用|开始吃"
    r"|\b(?:bought|ordered|order|purchased|got|using|use|chose|picked|went for|took|taking"
    r"|started (?:on|with|using)|i['’]ll (?:take|have|get))\b",
    I,
)
# "from A to B": A is left behind.
CHANGED = re.compile(
    r"从(?P<a1>[^，。；！？,;到换改升调搬转变]{1,20})(?:升级?|调|搬|换|改|转|变|迁|跳槽"
    r"|过渡)?(?:到|成|为|至|去)"
    r"|\b(?:from)\s+(?P<a2>(?:[\w.-]+\s+){1,6}?)(?:in)?to\b"
    r"|(?:不是|而不是|而非|并非|代替|取代)(?P<a3>[^，。；！？,;]{1,12})"
    r"|把(?P<a5>[^，。；！？,;]{1,12}?)(?:给|都|全)?(?:卖|退|扔|停|关|注销|处理|淘汰|删|卸载?|取消|辞)"
    r"[掉了]"
    r"|(?:卖[掉了]|退[掉了]|注销了?|停用了?|弃用了?|淘汰了?|告别了?|辞[掉去了]|离开了?|扔[掉了]|换掉了?"
    r"|搬离了?|搬出了?)(?P<a6>[^，。；！？,;]{1,12})"
    r"|\b(?:instead of|rather than|replaced|replacing|moved out of|got(?:ten)? rid of"
    r"|ditch(?:ed|ing)|dropp(?:ed|ing)|dump(?:ed|ing)|scrapp(?:ed|ing)|ripp(?:ed|ing) out"
    r"|retir(?:ed|ing)(?! from)"
    r"|(?:moved|moving|switched|switching|migrated|migrating|came|come|got) (?:away from|off"
    r"|over from)|done with|finished with|parted with|said goodbye to|swapped|trad(?:ed|ing) in"
    r"|gave up|sold|cancelled|canceled|phased out|stopped using"
    r"|(?:i|we)(?: have|['’]ve)?(?: just| finally| recently)? left"
    r"(?!.{0,80}\b(?:on|in|at|behind)\b))\s+"
    r"(?P<a4>(?:(?!(?:for|last|this|in|on|when|and|to|so)\b)[\w.-]+\s?){1,4})",
    I,
)
CLAUSE = re.compile(
    r"[，,；;：:、](?=\s|[\u3400-\u9fff]|$)|[—–]{1,2}|\s-\s|但是?|不过|可是|然而|因为|所以|而且"
    r"|并且|另外"
    r"|\b(?:but|because|while|whereas|although|though|however|so that|since)\b"
    r"|\band (?=(?:i|we|my|our|he|she|his|her|they|their|it)\b)"
    r"|\bthat (?=(?:i|we|my|our)\b)|(?=\b(?:me|us) "
    r"(?:on|onto|to|a|an|the|up|into|as|over|from|off)\b)"
    r"|(?<=说|道|讲|让|叫|派|给|劝|要|求|替|帮)(?=我|他|她)|(?:\b(?:says?|said|told me|tells me"
    r"|thinks?|thought|reckons?)\b(?: that)?)",
    I,
)
SENTENCE = re.compile(r"[^。！？!?\n.]*(?:\.(?!\s|$)[^。！？!?\n.]*)*[。！？!?\n.]*")

# Characters that carry grammar, not matter. A bigram with one of the first, or of two of both,
# proves nothing.
GRAMMAR = frozenset("的了吗呢吧啊呀哦嗯我你您他她它们这那哪么怎谁")
COMMON = GRAMMAR | frozenset(
    "是在有和与及也都就还又很太什几多少个只一二两三四五六七八九十之其以为于对把被让给从到向往跟同比但而且或如若因"
    "所则却再更最可能会要想应该请不没无别未好大小上下里中内外前后来去做说看用"
)
