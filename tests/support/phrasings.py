# ruff: noqa: E501 - a table is read across
"""How people correct things and how they merely talk, in fields of their own: what the rules were
not written for.
"""

from collections.abc import Sequence
from typing import NamedTuple

from services.kernel.contracts.events import Decision

DOCUMENTS = {
    "pool.md": """# 社区游泳馆须知
## 开放
早场 6:00–8:30，午场 12:00–14:00，晚场 18:30–21:30。每周一上午换水，不开放。
## 票价
成人票 35 元，儿童票 20 元，次卡 10 次 280 元。一米二以下儿童免票。
## 器材
浮板押金 50 元，泳镜租金每次 8 元。柜子钥匙遗失赔偿 30 元。
## 规则
深水区须持深水证。跳水仅限三号泳道。饭后一小时内不得下水。救生员办公室在看台东侧，值班电话 6633-7788。""",
    "office.md": """# 青禾公司行政手册
## 考勤
上班时间 9:00，弹性半小时。迟到三次扣一天绩效。年假满一年 5 天，满五年 10 天。
## 会议室
听雨轩在四楼，可坐 12 人，配投影仪。观云阁在六楼，可坐 30 人，配视频终端。
## 报销
打车费须经主管周航批准，单次上限 100 元。餐费凭发票报销，每人每餐上限 60 元。报销款每月 15 日发放。
## 联系
行政负责人苏敏，邮箱 admin@qinghe.example。IT 服务台分机 8801，打印机坏了找分机 8805。""",
    "garden.md": """# 植物园参观指南
## 开园
三月至十月 8:00 开园，18:00 闭园；十一月至次年二月 9:00 开园，17:00 闭园。
## 路线
东门进，先看温室，再看竹园，最后到茶室。游览车每 20 分钟一班，票价 15 元。
## 温室
温室分热带馆、沙漠馆、高山馆。热带馆的巨魔芋由冯教授养护，花期在七月。
## 提示
园内禁止野餐。无人机须提前三天报备。轮椅在游客中心免费借用，押金 200 元。""",
    "ferry.md": """# Skerry Island ferry
## Timetable
The first boat leaves Northport at 6:40, the last one at 20:15. The crossing takes 45 minutes. On Sundays there are only four departures.
## Fares
A single ticket costs 11 EUR, a return ticket 19 EUR. Bicycles travel for 4 EUR. Children under 6 travel free.
## Boarding
Cars must be at the quay 30 minutes before departure. Dogs must be kept on a leash. Gas bottles are not allowed on board.
## Contact
The ticket office is next to the lighthouse, open 8:00 to 17:00. Harbour master: Ingrid Dahl, phone 555-0142.""",
    "gallery.md": """# Marlow Gallery handbook
## Visiting
The gallery is closed on Tuesdays. Guided tours start at 14:00 and last 90 minutes. Groups are limited to 15 visitors.
## Shop
Posters cost 12 GBP, catalogues 35 GBP. Members receive a 10% discount. Unused goods can be returned within 14 days.
## Rooms
The blue room seats 40 people. The attic studio seats 12 people. The sculpture court is on level 2.
## Staff
Director: Helen Marsh. Conservator: Paulo Reis. Security can be reached on extension 440.""",
    "library.md": """# Hillside library
Loans run for 21 days and can be renewed twice. Fines are 0.20 USD a day, at most 8 USD per item.
The reading room opens at 9:30 and holds 60 readers. Study rooms must be booked two days ahead.
Printing costs 0.10 USD per page. The 3D printer may be used on Thursdays. Food is not allowed in the stacks.
Story time is on Saturday at 10:30 with Mrs Alvarez. The book sale takes place in May.""",
}


class Said(NamedTuple):
    """A correction. touched: a piece of the text that is corrected ("" for new knowledge). new: a
    piece of the new value.
    """

    words: str
    touched: str
    new: str

    def is_met(self, decisions: Sequence[Decision]) -> bool:
        """Whether one of the decisions is what was meant."""
        if not self.touched:
            return bool(decisions) and all(not decision.anchors for decision in decisions)
        return any(self.new in d.new and _touches(d, self.touched) for d in decisions)


def _touches(decision: Decision, piece: str) -> bool:
    for anchor in decision.anchors:
        at = DOCUMENTS[anchor.document_name].find(piece)
        if at >= 0 and anchor.start < at + len(piece) and at < anchor.end:
            return True
    return False


CORRECTIONS = [
    # 中文
    Said("成人票已经涨到 40 元了", "成人票 35 元", "40 元"),
    Said("儿童票写的 20 元是老价格，新价格是 25 元。", "儿童票 20 元", "25 元"),
    Said("次卡不是 280 元，而是 300 元一张。", "次卡 10 次 280 元", "300 元"),
    Said("晚场提前到 18:00 开始。", "晚场 18:30", "18:00"),
    Said("换水改在周三上午了。", "每周一上午换水", "周三"),
    Said("救生员办公室搬到看台西侧去了。", "看台东侧", "西侧"),
    Said("值班电话换了，新号码是 6633-9900。", "6633-7788", "6633-9900"),
    Said("浮板的押金降了，现在 30 元。", "浮板押金 50 元", "30 元"),
    Said("泳镜租金已由 8 元调至 10 元。", "泳镜租金每次 8 元", "10 元"),
    Said("一米二以下免票这条不对，应该是一米三以下。", "一米二以下", "一米三"),
    Said("深水证取消了，谁都可以进深水区。", "深水区须持深水证", ""),
    Said("跳水现在仅限五号泳道，不是三号。", "跳水仅限三号泳道", "五号"),
    Said("钥匙丢了赔 50 元，不是 30 元，请改一下。", "钥匙遗失赔偿 30 元", "50 元"),
    Said("午场从下周起取消。", "午场 12:00", ""),
    Said("上班时间改成 9:30 了。", "上班时间 9:00", "9:30"),
    Said("年假规定变了：满一年 7 天，不再是 5 天。", "满一年 5 天", "7 天"),
    Said("迟到三次扣绩效的规定作废了。", "迟到三次", ""),
    Said("听雨轩能坐 16 人，文档写少了。", "听雨轩", "16 人"),
    Said("观云阁搬到七楼了", "观云阁在六楼", "七楼"),
    Said("打车费的审批人换成了陈立，周航调走了。", "周航", "陈立"),
    Said("打车单次上限提高到 150 元。", "单次上限 100 元", "150 元"),
    Said("餐费每人每餐最多 80 元，之前说的 60 元是去年的标准。", "每人每餐上限 60 元", "80 元"),
    Said("报销款发放日期从 15 日推迟到 20 日。", "每月 15 日", "20 日"),
    Said("行政负责人是苏珉，“敏”字写错了。", "苏敏", "苏珉"),
    Said("行政邮箱已变更为 office@qinghe.example", "admin@qinghe.example", "office@qinghe.example"),
    Said("IT 服务台的分机应该是 8811。", "IT 服务台分机 8801", "8811"),
    Said("打印机坏了别找 8805，要找 8815。", "分机 8805", "8815"),
    Said("实习生不享受弹性半小时，这是例外。", "弹性半小时", ""),
    Said("补充说明：出差期间的考勤以外勤打卡为准。", "", ""),
    Said("听雨轩改名叫“听松轩”了。", "听雨轩", "听松轩"),
    Said("三月至十月的闭园时间延后到 19:00。", "18:00 闭园", "19:00"),
    Said("游览车现在 30 分钟一班。", "每 20 分钟一班", "30 分钟"),
    Said("游览车票价已下调为 10 元。", "票价 15 元", "10 元"),
    Said("轮椅押金不收了。", "押金 200 元", ""),
    Said("无人机报备要提前五天才行，三天不够。", "提前三天报备", "五天"),
    Said("巨魔芋现在归贺老师养护，冯教授退休了。", "冯教授", "贺老师"),
    Said("巨魔芋的花期应当是八月。", "花期在七月", "八月"),
    Said("野餐可以了，但只能在竹园草坪。", "禁止野餐", ""),
    Said("高山馆已更名为“冷杉馆”。", "高山馆", "冷杉馆"),
    Said("明年一月起，十一月至次年二月改为 9:30 开园。", "9:00 开园", "9:30"),
    Said("参观路线有误：应从西门进。", "东门进", "西门"),
    Said("两处要改：成人票 38 元，儿童票 22 元。", "成人票 35 元", "38 元"),
    # English
    Said("The first boat now leaves at 6:20.", "leaves Northport at 6:40", "6:20"),
    Said("The last boat isn't at 20:15 any more but at 21:00.", "20:15", "21:00"),
    Said("The crossing actually takes 50 minutes.", "45 minutes", "50 minutes"),
    Said("Sundays: six departures, not four.", "four departures", "six"),
    Said("Single tickets have gone up to 12.50 EUR.", "single ticket costs 11 EUR", "12.50 EUR"),
    Said("A return is 21 EUR these days.", "return ticket 19 EUR", "21 EUR"),
    Said("Bikes no longer cost anything.", "Bicycles travel for 4 EUR", ""),
    Said("Children under 8 travel free, it used to be under 6.", "Children under 6", "8"),
    Said("Cars need to be at the quay 45 minutes ahead, not 30.", "30 minutes before", "45 minutes"),
    Said("Assistance dogs don't need a leash; that's an exception.", "Dogs must be kept", ""),
    Said("The ticket office moved to the fish market.", "next to the lighthouse", "fish market"),
    Said("The ticket office closes at 18:00 now instead of 17:00.", "8:00 to 17:00", "18:00"),
    Said("Ingrid Dahl retired, the harbour master is now Lars Holm.", "Ingrid Dahl", "Lars Holm"),
    Said("The harbour master's phone number was misprinted: it's 555-0124.", "555-0142", "555-0124"),
    Said("FYI: from 1 May gas bottles up to 3 kg are allowed.", "Gas bottles", ""),
    Said("The gallery is closed on Mondays, not Tuesdays.", "closed on Tuesdays", "Mondays"),
    Said("Guided tours have been moved from 14:00 to 15:30.", "start at 14:00", "15:30"),
    Said("Tours last two hours rather than 90 minutes.", "90 minutes", "two hours"),
    Said("The group limit was raised to 20.", "limited to 15", "20"),
    Said("Posters went from 12 to 14 GBP.", "Posters cost 12 GBP", "14"),
    Said("Catalogues should be 32 GBP.", "catalogues 35 GBP", "32 GBP"),
    Said("Members get 15% off now.", "10% discount", "15%"),
    Said("You can return unused goods within 30 days, the 14 days are outdated.", "within 14 days", "30 days"),
    Said("The attic studio only seats 10.", "attic studio seats 12", "10"),
    Said("The sculpture court is on level 3, please correct it.", "level 2", "level 3"),
    Said("The blue room has been renamed the Turner room.", "blue room", "Turner room"),
    Said("Our director's name is spelled Helen Marshe.", "Helen Marsh", "Helen Marshe"),
    Said("Paulo Reis left us; Ana Lima is the conservator.", "Paulo Reis", "Ana Lima"),
    Said("Security: extension 404, not 440.", "extension 440", "404"),
    Said("Loans now run for 28 days.", "21 days", "28 days"),
    Said("Items can be renewed three times instead of twice.", "renewed twice", "three times"),
    Said("Fines were abolished.", "Fines are", ""),
    Said("The maximum fine per item is 5 USD, not 8 USD.", "at most 8 USD", "5 USD"),
    Said("The reading room doesn't open at 9:30, it opens at 10:00.", "9:30", "10:00"),
    Said("Study rooms need to be booked only one day ahead from now on.", "two days ahead", "one day"),
    Said("Colour printing is 0.25 USD per page; please add that.", "", ""),
    Said("The 3D printer's day has changed to Friday.", "Thursdays", "Friday"),
    Said("Story time is with Mr Osei, Mrs Alvarez is on leave.", "Mrs Alvarez", "Mr Osei"),
    Said("The book sale has been postponed to June.", "in May", "June"),
    Said("Water bottles are fine in the stacks, as an exception.", "Food is not allowed", ""),
    Said("Small correction: the reading room holds 80 readers.", "60 readers", "80"),
    Said("We don't sell single tickets for 11 EUR any longer; they are 13 EUR.", "11 EUR", "13 EUR"),
]  # fmt: skip

TALK = [
    "泳池水真干净，点赞！",
    "请问晚场几点开始？",
    "年假到底有几天啊",
    "听雨轩下午有人用吗？",
    "我昨天在温室看到巨魔芋开花了，太震撼了",
    "谢谢，问题解决了。",
    "回答得很清楚，多谢多谢",
    "建议多开几个晚场",
    "能不能把年假加到十五天呀",
    "要是游览车免费就好了",
    "我觉得票价有点贵",
    "这个手册好像有地方不对",
    "里面的电话有一个是错的，我忘了是哪个",
    "我同事今天又迟到了，哈哈",
    "明天要下雨，别忘了带伞",
    "今天吃了 3 碗饭，撑死了",
    "好",
    "收到，谢谢",
    "辛苦了",
    "是的",
    "不是吧？",
    "你是谁？",
    "你能做什么？",
    "不好意思，打扰了",
    "再说一遍",
    "轮椅怎么借？",
    "早上好，今天人多吗",
    "孩子第一次游泳，很开心",
    "这个答案不太满意",
    "东门和西门哪个近？",
    "Lovely crossing, the sea was so calm today!",
    "When does the last boat leave?",
    "Is the ticket office open on Sundays?",
    "Thanks, that's exactly what I needed.",
    "Can I bring my dog?",
    "How much is a catalogue these days?",
    "I lost my ticket yesterday.",
    "The guide was brilliant, she knew everything.",
    "I wish the gallery were open on Tuesdays.",
    "Could you open earlier in summer?",
    "It would be great to have more tours.",
    "Something in the fares section looks off.",
    "One of the extensions is wrong but I can't recall which.",
    "My daughter turned 6 last week.",
    "We waited 40 minutes in the rain.",
    "No worries.",
    "Never mind.",
    "Sounds good, thank you so much!",
    "Who painted the picture in the blue room?",
    "Why are there fines at all?",
    "I have two cats and a parrot.",
    "What a day!",
    "Hello there",
    "Are you a bot?",
    "Good answer.",
    "I don't like this answer.",
    "Is it true that the 3D printer is free?",
    "See you next week!",
]
