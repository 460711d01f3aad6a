# ruff: noqa: E501 - sentences stand on one line
"""Whole dialogues: what is asked later is found among the first five memories."""

from typing import Any

import pytest

from evals.messages_rules import Bm25, memories_of, passed
from services.kernel.contracts.records import Status

A = "assistant"
Probe = tuple[str, str, list[str], list[str]]
CASES: list[tuple[str, list[tuple[int, str, str]], list[Probe]]] = [
    ("zh-gym", [
        (1, "user", "晚上好～我想开始健身，我今年 34 岁，身高 178，体重 86 公斤，膝盖做过半月板手术。"),
        (1, A, "晚上好！建议先从低冲击运动开始。"),
        (1, "user", "好滴，那我先练游泳吧，每周二周四下班后去。"),
        (30, "user", "汇报一下，体重降到 81 公斤了！哈哈开心"),
        (30, A, "太棒了，继续加油！"),
    ], [
        ("update", "用户现在的体重是多少？", ["81"], ["86"]),
        ("fact", "用户膝盖有什么问题？", ["半月板"], []),
        ("fact", "用户每周什么时候锻炼？", ["周二"], []),
        ("none", "用户的性格", [], ["晚上好", "太棒了"]),
    ]),
    ("zh-company", [
        (1, "user", "我在蓝海物流做仓储主管，带 12 个人，常驻宁波北仑。"),
        (1, A, "您好，请问有什么可以帮您？"),
        (1, "user", "系统里怎么导出月度库存报表？"),
        (1, A, "在报表中心选择月度库存，点击导出即可。"),
        (50, "user", "我升任华东区运营经理了，团队现在有 40 人，办公室搬到上海虹桥。"),
    ], [
        ("update", "用户现在的职位是什么？", ["运营经理"], ["仓储主管"]),
        ("fact", "用户在哪家公司工作？", ["蓝海物流"], []),
        ("update", "用户的团队有多少人？", ["40"], ["12 个人"]),
    ]),
    ("zh-baby", [
        (1, "user", "宝宝六个月了，对鸡蛋过敏，刚开始吃辅食，第一口应该吃什么？"),
        (1, A, "可以先添加强化铁的米粉。"),
        (20, "user", "医生说宝宝对牛奶蛋白也过敏，以后推荐食谱都要避开鸡蛋和牛奶。"),
        (20, A, "明白，已记下。"),
    ], [
        ("fact", "宝宝对什么过敏？", ["鸡蛋", "牛奶"], []),
        ("fact", "孩子多大了？", ["六个月"], []),
        ("preference", "推荐食谱要注意什么？", ["避开"], []),
    ]),
    ("zh-car", [
        (1, "user", "我开的是 2018 款大众途观，最近冷启动发动机有异响，正常吗？"),
        (1, A, "可能是正时链条的问题，建议检查。"),
        (15, "user", "修了，花了 3600 块，在城西的老李修车行。"),
        (100, "user", "旧车卖了，换成了比亚迪宋 PLUS，纯电的，家里装了充电桩。"),
    ], [
        ("update", "用户现在开什么车？", ["比亚迪"], ["途观"]),
        ("fact", "上次修车花了多少钱，在哪修的？", ["3600", "老李"], []),
        ("fact", "用户家有充电桩吗？", ["充电桩"], []),
    ]),
    ("zh-style", [
        (1, "user", "麻烦以后叫我阿哲就行，回复用繁体中文，语气轻松一点。"),
        (1, A, "好的，阿哲。"),
        (2, "user", "我一般早上六点起床写作，最怕别人打电话，有事发邮件就好。"),
        (2, "user", "推荐几本推理小说？我偏爱社会派，不喜欢太血腥的。"),
        (2, A, "可以看看松本清张的《点与线》。"),
    ], [
        ("preference", "该怎么称呼用户？", ["阿哲"], []),
        ("preference", "回复该用什么语言文字？", ["繁体"], []),
        ("preference", "用户喜欢什么类型的推理小说？", ["社会派"], []),
        ("preference", "推荐小说要避免什么？", ["血腥"], []),
        ("fact", "用户希望怎样被联系？", ["邮件"], []),
    ]),
    ("zh-move", [
        (1, "user", "我现在住在广州天河，跟女朋友一起租房，房租 5200。"),
        (1, A, "天河生活很方便。"),
        (60, "user", "分手了，我从天河搬出来了，现在住番禺，自己租的单间，房租 2600。"),
        (60, A, "抱抱，一切会好起来的。"),
    ], [
        ("update", "用户现在住在哪里？", ["番禺"], ["住在广州天河"]),
        ("update", "用户的房租是多少？", ["2600"], ["5200"]),
    ]),
    ("zh-exam", [
        (1, "user", "我报了 12 月的 N2 日语考试，目前词汇大概背了 3000 个，听力最弱。"),
        (1, A, "加油！建议每天精听半小时。"),
        (40, "user", "考试改到明年 7 月了，因为公司年底太忙请不了假。"),
    ], [
        ("update", "用户什么时候考试？", ["7 月"], []),
        ("fact", "用户日语哪方面比较弱？", ["听力"], []),
        ("fact", "用户在准备什么考试？", ["N2"], []),
    ]),
    ("zh-order", [
        (1, "user", "想给我妈买个按摩椅，预算一万以内，她腰椎间盘突出。"),
        (1, A, "推荐荣康 RK-7909，8999 元，带腰部热敷。"),
        (1, "user", "行，就买这个，送到我妈那边，绍兴柯桥。"),
        (1, A, "已为您下单荣康 RK-7909，订单号 D20250601，预计 3 天送达。"),
    ], [
        ("fact", "用户买了哪款按摩椅？", ["RK-7909"], []),
        ("fact", "按摩椅的订单号是多少？", ["D20250601"], []),
        ("fact", "用户妈妈身体有什么问题？", ["腰椎间盘"], []),
        ("fact", "按摩椅送到哪里？", ["柯桥"], []),
    ]),
    ("zh-dup", [
        (1, "user", "我乳糖不耐受，咖啡推荐一下？"),
        (3, "user", "提醒你哈，我乳糖不耐受。奶茶有什么替代？"),
        (9, "user", "说过好几次了，我乳糖不耐受啊！"),
        (9, A, "抱歉，记住了。"),
    ], [("dup", "用户有什么饮食禁忌？", ["乳糖"], [])]),
    ("zh-school", [
        (1, "user", "老师好，我儿子上五年级，在育才小学，数学一直考 90 分以上，英语只有 70 多。"),
        (1, A, "家长您好。"),
        (200, "user", "儿子今年升六年级了，英语期末考了 88。"),
    ], [
        ("update", "用户的儿子几年级？", ["六年级"], []),
        ("fact", "儿子在哪个学校？", ["育才小学"], []),
        ("fact", "儿子英语成绩怎么样？", ["88"], []),
    ]),
    ("zh-trip", [
        (1, "user", "下个月 15 号我们一家四口去成都玩五天，老人走不了太多路，酒店订在春熙路附近。"),
        (1, A, "春熙路交通很方便。"),
        (5, "user", "成都的行程取消了，改去青岛，时间不变。"),
    ], [
        ("update", "用户一家要去哪里旅游？", ["青岛"], []),
        ("fact", "出行的人里有谁走不了太多路？", ["老人"], []),
    ]),
    ("zh-shop", [
        (1, "user", "哈喽，我开了家花店，在长宁路，主要卖干花和绿植，周一休息。"),
        (1, A, "听起来很美！"),
        (7, "user", "店里的营业时间改成早上十点到晚上九点了，周一也开。"),
    ], [
        ("fact", "用户开的是什么店？", ["花店"], []),
        ("update", "花店营业到几点？", ["九点"], []),
        ("none", "花店的评价", [], ["听起来很美"]),
    ]),
    ("en-allergy", [
        (1, "user", "Hey! Quick one: my son Theo is seven and has a severe peanut allergy. Which snacks are safe for a school trip?"),
        (1, A, "Fruit, rice cakes and cheese sticks are good options."),
        (30, "user", "Theo's doctor added sesame to the list, so he's allergic to sesame as well now."),
    ], [
        ("fact", "What is the user's son allergic to?", ["peanut", "sesame"], []),
        ("fact", "How old is Theo?", ["seven"], []),
    ]),
    ("en-job", [
        (1, "user", "I'm a paramedic in Leeds, four days on and four off."),
        (1, A, "That sounds demanding!"),
        (90, "user", "So I handed in my notice. From August I'll be teaching first aid at Leeds College."),
        (120, "user", "I'm a first aid instructor now and I only work weekdays."),
    ], [
        ("update", "What does the user do for a living?", ["instructor"], ["paramedic in"]),
        ("fact", "Where will the user teach?", ["Leeds College"], []),
    ]),
    ("en-trip", [
        (1, "user", "My wife and I are flying to Kyoto on November 3 and staying at Hotel Sakura for six nights."),
        (1, A, "Kyoto in autumn is gorgeous."),
        (10, "user", "Change of plans, our flight was moved to November 5, same hotel."),
        (10, "user", "I'd prefer temples over shopping, and my wife can't walk more than an hour because of her hip."),
    ], [
        ("update", "When is the flight to Kyoto?", ["November 5"], []),
        ("fact", "Which hotel are they staying at?", ["Sakura"], []),
        ("preference", "What would the user like to see?", ["temples"], []),
        ("fact", "Why can't the user's wife walk far?", ["hip"], []),
    ]),
    ("en-style", [
        (1, "user", "Could you keep your replies under 100 words from now on? Also, metric units please, I'm hopeless with inches."),
        (1, A, "Sure thing."),
        (2, "user", "Call me Dev, by the way."),
        (6, "user", "I usually cook for five, and I avoid frying since my cholesterol is high."),
    ], [
        ("preference", "How long should replies be?", ["100 words"], []),
        ("preference", "Which units should be used?", ["metric"], []),
        ("preference", "What should the user be called?", ["Dev"], []),
        ("fact", "Why does the user avoid frying?", ["cholesterol"], []),
    ]),
    ("en-pet", [
        (1, "user", "We adopted a greyhound called Biscuit, she's about four and terrified of stairs."),
        (1, A, "Aww, greyhounds are lovely!"),
        (50, "user", "Biscuit passed away on Sunday. We're heartbroken."),
        (200, "user", "We have a new puppy, a beagle named Olive!"),
    ], [
        ("update", "Which pet does the user have now?", ["Olive"], ["adopted a greyhound"]),
        ("fact", "What happened to Biscuit?", ["passed away"], []),
    ]),
    ("en-plan", [
        (1, "user", "We're on your Starter plan with 3 seats, billed monthly through PayPal."),
        (1, A, "Thanks for being a customer!"),
        (20, "user", "We upgraded from Starter to Business yesterday and now have 12 seats."),
        (25, "user", "ok thanks, bye!"),
    ], [
        ("update", "Which plan is the customer on?", ["Business"], ["Starter plan with"]),
        ("fact", "How do they pay?", ["PayPal"], []),
        ("none", "What did the user say last?", [], ["ok thanks", "Thanks for being"]),
    ]),
    ("en-dup", [
        (1, "user", "I don't eat meat. What can I cook tonight?"),
        (4, "user", "Remember, I don't eat meat! Ideas for lunch?"),
        (8, "user", "As I said before, I don't eat meat."),
    ], [("dup", "What does the user not eat?", ["meat"], [])]),
    ("en-garden", [
        (1, "user", "Our allotment is on clay soil in zone 7, about 80 square metres, and the slugs ate all my lettuce."),
        (1, A, "Try copper tape and beer traps."),
        (12, "user", "lol the beer traps worked. I planted 14 tomato plants on the south side last weekend."),
    ], [
        ("fact", "What soil does the user have?", ["clay"], []),
        ("fact", "How many tomato plants were planted?", ["14"], []),
    ]),
    ("en-project", [
        (1, "user", "The launch date for our app is June 30 and the budget is $25,000. Priya does the design, I handle the backend in Go."),
        (1, A, "Noted."),
        (15, "user", "Heads up: the launch date was pushed back to July 21, and our budget went up to $31,000."),
    ], [
        ("update", "When does the app launch?", ["July 21"], ["June 30"]),
        ("update", "What is the budget now?", ["31,000"], ["25,000"]),
        ("fact", "Who does the design?", ["Priya"], []),
        ("fact", "Which language is the backend written in?", ["Go"], []),
    ]),
    ("en-confirm", [
        (1, "user", "I need a quiet dishwasher, 45 cm wide."),
        (1, A, "I recommend the Nordwash S45, 41 dB, 549 euros."),
        (1, "user", "Perfect, I'll take that one. Deliver it to 12 Mill Lane please."),
        (1, A, "Your Nordwash S45 has been ordered, order number NW-88213."),
    ], [
        ("fact", "Which dishwasher did the user buy?", ["Nordwash S45"], []),
        ("fact", "What is the order number of the dishwasher?", ["NW-88213"], []),
        ("fact", "Where should the dishwasher be delivered?", ["Mill Lane"], []),
    ]),
    ("en-family", [
        (1, "user", "My mother lives in Cardiff with her sister, and I call her every Sunday evening."),
        (40, "user", "Mum moved into a care home in Swansea last month. I'm still in Bristol."),
        (41, "user", "hi again, how are you today?"),
        (41, A, "I'm fine, thank you for asking!"),
    ], [
        ("update", "Where does the user's mother live?", ["Swansea"], []),
        ("fact", "Where does the user live?", ["Bristol"], []),
        ("none", "Small talk", [], ["hi again", "thank you for asking"]),
    ]),
    ("en-music", [
        (1, "user", "I've been playing the trombone since I was nine, mostly jazz, and I can't stand pop ballads."),
        (1, A, "Jazz trombone is great!"),
        (8, "user", "Our band, the Brass Foxes, rehearses on Thursdays at 7 pm in the church hall."),
        (30, "user", "Rehearsals moved to Mondays at 8 pm."),
    ], [
        ("fact", "Which instrument does the user play?", ["trombone"], []),
        ("preference", "Which music does the user dislike?", ["ballads"], []),
        ("update", "When are the rehearsals?", ["Mondays"], []),
        ("fact", "What is the band called?", ["Brass Foxes"], []),
    ]),
    ("zh-a",[(1,"user","hi 在不在，我是做外贸的，主要出口灯具到中东，团队就三个人。"),(1,A,"您好，有什么可以帮您？"),(1,"user","最近汇率波动大，客户老是拖款，愁。"),(60,"user","跟你说一声，我们现在也做东南亚市场了，团队扩到八个人。")],
 [("fact","用户从事什么行业？",["外贸"],[]),("update","用户的团队现在几个人？",["八个人"],["三个人"]),("fact","用户出口什么产品？",["灯具"],[])]),
    ("zh-b",[(1,"user","我奶奶今年82了，有高血压和糖尿病，每天吃二甲双胍。"),(1,A,"要注意监测血糖。"),(20,"user","奶奶的药换成达格列净了，医生说二甲双胍伤胃。")],
 [("update","奶奶现在吃什么药？",["达格列净"],[]),("fact","奶奶有什么病？",["糖尿病"],[]),("fact","奶奶多大年纪？",["82"],[])]),
    ("zh-c",[(1,"user","以后给我写的文案不要用感叹号，也别太官方。"),(1,A,"收到。"),(3,"user","我更习惯用微信沟通，电话基本不接。"),(5,"user","周末我一般去爬山，要么就在家打游戏，主要玩原神。")],
 [("preference","写文案要注意什么？",["感叹号"],[]),("preference","联系用户用什么方式？",["微信"],[]),("fact","用户周末做什么？",["爬山"],[]),("fact","用户玩什么游戏？",["原神"],[])]),
    ("zh-d",[(1,"user","会议室的密码是 7788，别忘了。"),(9,"user","会议室密码改成 9021 了。"),(9,A,"好的，已记住。")],
 [("update","会议室密码是多少？",["9021"],["7788"])]),
    ("zh-e",[(1,"user","我的航班是 CA1501，下周五早上八点从北京飞上海。"),(2,"user","航班取消了，改签到 MU5102，周五中午十二点起飞。"),(2,A,"好的，祝旅途愉快！")],
 [("update","用户坐哪个航班？",["MU5102"],["CA1501"]),("none","用户心情",[],["祝旅途愉快"])]),
    ("zh-f",[(1,"user","哎呀好久不见！我生啦，是个女儿，小名叫糯米，六斤八两。"),(1,A,"恭喜恭喜！"),(1,"user","哈哈谢谢～"),(100,"user","糯米会翻身了，但是湿疹有点严重，用什么洗澡好？")],
 [("fact","用户的女儿小名叫什么？",["糯米"],[]),("fact","宝宝皮肤有什么问题？",["湿疹"],[]),("none","闲聊",[],["哈哈谢谢","恭喜恭喜"])]),
    ("zh-g",[(1,"user","帮我订周六晚上七点的位子，四个人，要靠窗，有一位吃素。"),(1,A,"已为您预订周六 19:00 靠窗四人位，预订号 R-5518。"),(2,"user","改成周日同一时间吧，人数加到六个。"),(2,A,"已改为周日 19:00 六人位，预订号不变。")],
 [("fact","餐厅的预订号是多少？",["R-5518"],[]),("update","订的是几个人的位子？",["六"],[]),("fact","客人里有什么饮食要求？",["吃素"],[])]),
    ("zh-h",[(1,"user","公司用的是 Jenkins 做 CI，代码放在自建的 GitLab 上，服务器是 CentOS 7。"),(1,"user","怎么配置流水线触发？"),(50,"user","我们把 CI 从 Jenkins 迁到 GitHub Actions 了，代码也搬到 GitHub 了。")],
 [("update","用户公司用什么做 CI？",["GitHub Actions"],[]),("fact","服务器是什么系统？",["CentOS"],[])]),
    ("en-a",[(1,"user","I teach year 9 chemistry at Hillcrest, and we only have 45-minute lessons. Any demo ideas without open flames?"),(1,A,"Try elephant toothpaste or a pH rainbow."),(30,"user","Quick update, from this term I've got year 11 as well and lessons are 60 minutes now.")],
 [("fact","What subject does the user teach?",["chemistry"],[]),("update","How long are the lessons?",["60"],[]),("fact","Which school does the user teach at?",["Hillcrest"],[])]),
    ("en-b",[(1,"user","My knee's been bad since I tore the meniscus skiing in January, so no running for me."),(1,A,"Sorry to hear that!"),(90,"user","Good news: physio says I can run again, max 5k twice a week.")],
 [("fact","What injury does the user have?",["meniscus"],[]),("update","How much may the user run?",["5k"],[])]),
    ("en-c",[(1,"user","We use Jira for tickets and Slack for chat. Deployments happen on Wednesdays."),(40,"user","We've migrated from Jira to Linear, and deployments are on Tuesdays now.")],
 [("update","Which ticket tool does the team use?",["Linear"],["Jira for"]),("update","When do deployments happen?",["Tuesdays"],["Wednesdays"])]),
    ("en-d",[(1,"user","hey hey, what's up"),(1,A,"Hello! How can I help you today?"),(1,"user","My flat in Porto has a gas boiler, a Vaillant ecoTEC from 2011, and the pressure keeps dropping to 0.5 bar."),(1,A,"Check the expansion vessel."),(1,"user","Cool cool, thanks mate")],
 [("fact","Which boiler does the user have?",["Vaillant"],[]),("fact","Where is the user's flat?",["Porto"],[]),("none","How does the user greet?",[],["hey hey","thanks mate","How can I help"])]),
    ("en-e",[(1,"user","I'd like my summaries as bullet points, no more than five, and never in the passive voice."),(2,"user","I'm not a morning person, so don't schedule anything before ten."),(8,"user","I adore spicy ramen but my partner hates seafood.")],
 [("preference","How should summaries be formatted?",["bullet"],[]),("preference","When should nothing be scheduled?",["before ten"],[]),("preference","What food does the partner dislike?",["seafood"],[])]),
    ("en-f",[(1,"user","My sister Ana got engaged to Marco, the wedding is on May 17 in Bologna."),(20,"user","Ana's wedding was postponed to September 6."),(21,"user","I'm allergic to lilies, so no lilies in the bouquet please.")],
 [("update","When is Ana's wedding?",["September 6"],["May 17"]),("fact","Where is the wedding?",["Bologna"],[]),("fact","Which flowers must be avoided?",["lilies"],[])]),
    ("en-g",[(1,"user","Can you order 20 kg of Arabica from Finca Alta? Ship to our roastery at 5 Dock Street."),(1,A,"I've placed the order: 20 kg Arabica, order number FA-3391, arriving June 12."),(2,"user","Please make that 25 kg."),(2,A,"I've updated order FA-3391 to 25 kg.")],
 [("fact","What is the order number of the coffee?",["FA-3391"],[]),("update","How many kilograms were ordered in the end?",["25 kg"],[]),("fact","Where is the roastery?",["Dock Street"],[])]),
    ("en-h",[(1,"user","I weigh 92 kg and want to get down to 80 by Christmas, I'm 1.84 m tall and lactose intolerant."),(60,"user","Weighed in at 86 kg this morning!")],
 [("update","How much does the user weigh now?",["86"],[]),("fact","What is the user intolerant to?",["lactose"],[]),("fact","What is the target weight?",["80"],[])]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "messages", "probes"), CASES, ids=[case[0] for case in CASES])
def test_what_is_asked_later_is_found(
    name: str, messages: list[tuple[int, str, str]], probes: list[Probe]
) -> None:
    case: dict[str, Any] = {
        "id": name,
        "messages": [{"day": day, "role": role, "content": text} for day, role, text in messages],
    }
    active = [one for one in memories_of(case) if one.status is Status.ACTIVATED]
    ranking = Bm25(active)
    for kind, query, expect, absent in probes:
        probe: dict[str, Any] = {"kind": kind, "expect": expect, "expect_absent": absent}
        if kind == "dup":
            probe["max_hits"] = 1
        top = [f"{record.key} {record.value}" for record in ranking.rank(query)[:5]]
        assert passed(probe, top), (query, top)
