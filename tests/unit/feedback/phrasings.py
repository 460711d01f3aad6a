# ruff: noqa: E501 - a table is read across
"""Many ways to correct a document, and many that correct nothing."""

from typing import NamedTuple

DOCUMENTS = {
    "gym.md": """# 健身中心会员手册
## 营业时间
工作日 6:30–22:00，周末 8:00–20:00。春节期间闭馆五天。
## 会费
年卡 2800 元，季卡 900 元，月卡 360 元。学生凭证件打八折，转卡手续费 100 元。
## 团课
瑜伽：周二 19:00，二号厅，名额 18 人，教练林晓。
普拉提：周三 19:00，二号厅，名额 12 人，教练高峰。
动感单车：周四 20:00，一号厅，名额 25 人，教练高峰。
## 规定
泳池须戴泳帽。储物柜每晚清空，遗留物品保管七天。宠物不得入内。更衣室禁止拍照。""",
    "travel.md": """# 差旅管理办法
## 住宿
一线城市住宿标准为每晚 500 元，其他城市每晚 350 元。超标部分自理。
## 交通
高铁二等座据实报销，机票须提前七天预订。市内交通补贴每天 80 元。
## 审批
出差申请由部门经理审批，五个工作日内提交报销单。借款须经财务总监王建国签字。
## 联系
差旅专员李敏，电话 6120，邮箱 travel@example.com。""",
    "hostel.md": """# Hostel guide
## Rooms
Dormitory beds cost 24 EUR a night, private rooms 62 EUR. Check-in is from 15:00, check-out until 10:00. Late check-out costs 8 EUR.
## Breakfast
Breakfast is served from 7:00 to 9:30 and costs 6 EUR. Packed lunches must be ordered the evening before.
## House rules
Quiet hours begin at 22:00. Guests must register visitors at the desk. Smoking is allowed on the terrace. Dogs are welcome in private rooms.
## Contacts
Manager: Olga Brandt. Front desk: extension 100. Laundry: Peter Voss, basement, room 3.""",
    "lab.md": """# Lab handbook
## Equipment
Centrifuge A: room 12, max 15000 rpm, booked for at most 2 hours.
Centrifuge B: room 14, max 9000 rpm, booked for at most 4 hours.
Microscope: room 12, booked for at most 3 hours.
## Safety
Goggles are mandatory in all rooms. Solvents are stored in the yellow cabinet. The safety training is valid for 12 months.
## Supplies
Orders go through LabShop and arrive within 5 working days. The budget limit per order is 750 USD.""",
    "clinic.md": """# 社区诊所须知
## 门诊
内科：周一至周五 8:30–11:30，诊室 203，医生吴敏。
儿科：周一、周三、周五 8:30–17:00，诊室 205，医生郑海。
口腔科：周二、周四 9:00–16:30，诊室 301，医生何丽。
## 挂号
挂号费 12 元，专家号 50 元。预约可提前 7 天，取消须在前一天 18:00 之前。初诊须带身份证和医保卡。
## 取药
药房在一楼大厅东侧，中午不休息。处方三日内有效。代煎中药每剂收费 4 元。
## 联系
咨询电话 010-5555 1234，地址：青年路 18 号。投诉信箱设在二楼。""",
    "school.md": """# 培训学校学员指南
学费 6800 元，可分两期缴纳。退费须在开课前 10 天书面申请，扣除 5% 手续费。
请假每学期不得超过 3 次，超过须补课。迟到 20 分钟按旷课处理。
教材由学校统一发放，遗失补领每本 45 元。结业考试 60 分及格，补考一次。
班主任王芳，办公室 B座 402，答疑时间每周四下午 2 点到 4 点。
校车每天 7:10 从东门发车，沿途停靠人民广场和体育馆。食堂支持微信支付，不收现金。""",
    "saas.md": """# Nimbus cloud plans
## Plans
Starter: 5 users, 50 GB storage, 19 USD per month.
Team: 25 users, 500 GB storage, 79 USD per month.
Business: 100 users, 2 TB storage, 249 USD per month.
## Support
Email support answers within 24 hours. Phone support is available Monday to Friday, 9:00 to 18:00 CET. The status page is status.nimbus.example.
## Security
Passwords must have at least 10 characters and expire after 90 days. Two-factor login is optional. Backups are kept for 30 days in Frankfurt.
## Cancellation
Accounts can be cancelled with 30 days' notice. Data is deleted 60 days after cancellation. Refunds are not possible.""",
    "festival.md": """# River festival volunteers
Volunteers get a free meal and a T-shirt per shift. Shifts last 6 hours. The briefing is on Friday at 17:00 in tent C.
Parking is at the east gate. Camping costs 15 GBP per person for the weekend. Children under 10 camp free.
The volunteer coordinator is Hannah Mills (hannah@river.example, 07700 900123). First aid is next to stage 2.
Glass bottles are not allowed on the site. Pets stay at home. Showers open from 6:00 to 11:00.
Headliner on Saturday: The Paper Kites, 21:30, main stage. Sunday: Low Roar, 20:00, main stage.""",
}


class Said(NamedTuple):
    """A feedback. touched: a piece of the text that is corrected ("" for new knowledge).
    kept: pieces that no anchor may touch.
    """

    words: str
    kind: str
    touched: str
    old: str = ""
    new: str = ""
    kept: tuple[str, ...] = ()


ONE = [
    # values, Chinese
    Said("年卡现在是 3000 元，不是 2800 元。", "replace_value", "年卡 2800 元", "2800 元", "3000 元", ("季卡 900",)),
    Said("季卡的价格不对，应为 950 元。", "replace_value", "季卡 900 元", "900 元", "950 元", ("年卡 2800",)),
    Said("月卡涨到 398 元了", "replace_value", "月卡 360 元", "360 元", "398 元"),
    Said("转卡手续费由100元调整为50元。", "replace_value", "转卡手续费 100 元", "100 元", "50元"),
    Said("请把转卡手续费从 100 元改成 60 元，谢谢！", "replace_value", "转卡手续费 100 元", "100 元", "60 元"),
    Said("学生折扣改为七折。", "replace_value", "八折", "八折", "七折"),
    Said("瑜伽课换到三号厅上了，时间不变。", "replace_value", "瑜伽：周二", "", "三号厅", ("普拉提", "单车")),
    Said("普拉提的教练不是高峰，是陈静。", "replace_value", "普拉提：周三 19:00，二号厅，名额 12 人，教练高峰", "高峰", "陈静", ("动感单车", "瑜伽")),
    Said("动感单车的名额增加到 30 人", "replace_value", "名额 25 人", "25 人", "30 人", ("名额 18", "名额 12")),
    Said("瑜伽课挪到周五了。", "replace_value", "周二", "周二", "周五", ("周三", "周四")),
    Said("遗留物品的保管期延长到十四天。", "replace_value", "保管七天", "七天", "十四天"),
    Said("周末营业时间调整为 9:00–21:00", "replace_value", "8:00–20:00", "8:00–20:00", "9:00–21:00", ("6:30",)),
    Said("一线城市的住宿标准从下个月起提高到每晚 600 元。", "replace_value", "每晚 500 元", "500 元", "600 元", ("350",)),
    Said("市内交通补贴从80元降到了60元", "replace_value", "每天 80 元", "80 元", "60元"),
    Said("机票现在要提前十天订，不是七天。", "replace_value", "机票须提前七天预订", "七天", "十天"),
    Said("你说错了，报销单应该在十个工作日内交。", "replace_value", "五个工作日", "五个工作日", "十个工作日"),
    Said("差旅专员换人了，现在是赵倩。", "replace_value", "差旅专员李敏", "", "赵倩"),
    Said("差旅专员的电话写成6120了，正确的是6210。", "replace_value", "电话 6120", "6120", "6210"),
    Said("邮箱有误：travel@example.com 应改为 trip@example.com", "replace_value", "travel@example.com", "travel@example.com", "trip@example.com"),
    Said("财务总监现在叫孙丽，王建国已经退休。", "replace_value", "王建国", "", "孙丽"),
    Said("其他城市住宿是每晚 380 元而非 350 元", "replace_value", "每晚 350 元", "350 元", "380 元", ("500 元",)),
    Said("自2025年9月1日起，出差申请改由分管副总审批。", "replace_value", "部门经理审批", "", "分管副总审批"),
    # values, English
    Said("Dorm beds are 27 EUR now, not 24.", "replace_value", "24 EUR", "24 EUR", "27 EUR", ("62 EUR",)),
    Said("A private room costs 68 EUR instead of 62 EUR.", "replace_value", "private rooms 62 EUR", "62 EUR", "68 EUR", ("24 EUR",)),
    Said("Check-in has been moved to 16:00.", "replace_value", "Check-in is from 15:00", "15:00", "16:00", ("10:00",)),
    Said("Check-out should read 11:00.", "replace_value", "check-out until 10:00", "10:00", "11:00", ("15:00",)),
    Said("The fee for late check-out went up from 8 to 12 EUR.", "replace_value", "Late check-out costs 8 EUR", "8", "12 EUR"),
    Said("That's wrong, breakfast is 7 EUR.", "replace_value", "costs 6 EUR", "6 EUR", "7 EUR"),
    Said("Breakfast is now served from 7:30 to 10:00.", "replace_value", "7:00 to 9:30", "7:00 to 9:30", "7:30 to 10:00"),
    Said("As of 1 October quiet hours will begin at 23:00.", "replace_value", "begin at 22:00", "22:00", "23:00"),
    Said("The manager is called Olga Brand, without the t.", "replace_value", "Olga Brandt", "Olga Brandt", "Olga Brand"),
    Said("Our new manager is Tim Keller.", "replace_value", "Olga Brandt", "", "Tim Keller"),
    Said("The front desk's extension has changed to 110.", "replace_value", "extension 100", "", "110", ("room 3",)),
    Said("Laundry has moved to room 5.", "replace_value", "room 3", "room 3", "room 5", ("Olga",)),
    Said("It isn't Peter Voss who runs the laundry, it's Petra Voss.", "replace_value", "Peter Voss", "", ""),
    Said("Could you please change the budget limit per order to 900 USD?", "replace_value", "750 USD", "750 USD", "900 USD"),
    Said("The safety training is valid for 24 months rather than 12 months.", "replace_value", "12 months", "12 months", "24 months"),
    Said("Centrifuge B may be booked for 6 hours, not 4.", "replace_value", "booked for at most 4 hours", "", "6 hours", ("2 hours", "3 hours")),
    Said("Correction: the microscope stands in room 16, not in room 12.", "replace_value", "Microscope: room 12", "room 12", "room 16", ("Centrifuge A",)),
    Said("Centrifuge A's maximum was lowered to 12000 rpm.", "replace_value", "15000 rpm", "15000", "12000", ("9000",)),
    Said("Orders arrive within ten working days, the handbook still says 5.", "replace_value", "5 working days", "", "ten working days"),
    Said("The page says solvents are stored in the yellow cabinet, but it is actually the red cabinet.", "replace_value", "yellow cabinet", "", "red cabinet"),
    Said("Please replace LabShop with SciStore everywhere.", "replace_value", "LabShop", "LabShop", "SciStore"),
    Said("LabShop has been renamed to LabDirect.", "rename_term", "LabShop", "LabShop", "LabDirect"),
    Said("“动感单车”改名为“燃脂骑行”了。", "rename_term", "动感单车", "动感单车", "燃脂骑行"),
    # rules dropped
    Said("泳池戴泳帽的要求已经取消了。", "drop_rule", "泳池须戴泳帽", kept=("更衣室", "储物柜")),
    Said("高铁二等座不再据实报销。", "drop_rule", "高铁二等座据实报销"),
    Said("现在机票不用提前预订了。", "drop_rule", "机票须提前七天预订"),
    Said("Guests no longer have to register visitors.", "drop_rule", "register visitors", kept=("Smoking", "Quiet")),
    Said("Packed lunches have been discontinued.", "drop_rule", "Packed lunches"),
    Said("The rule about goggles was scrapped.", "drop_rule", "Goggles"),
    Said("Smoking isn't allowed on the terrace any more.", "drop_rule", "Smoking"),
    # exceptions
    Said("宠物不得入内，但导盲犬除外。", "add_exception", "宠物不得入内"),
    Said("补充一个例外：元宵节当天闭馆，不算在春节期间的五天里。", "add_exception", "春节期间闭馆五天"),
    Said("Goggles are mandatory except in the office.", "add_exception", "Goggles"),
    Said("There is one exception to the dog rule: no dogs on the third floor.", "add_exception", "Dogs"),
    # new knowledge
    Said("新增：健身中心提供免费毛巾，用完放回收篮。", "add_knowledge", ""),
    Said("手册里漏了一条：停车场对会员免费两小时。", "add_knowledge", ""),
    Said("Please add that the hostel rents bicycles for 10 EUR a day.", "add_knowledge", ""),
    Said("The handbook doesn't mention that the lab is closed on public holidays.", "add_knowledge", ""),
]  # fmt: skip

# words, what is touched (None: new knowledge, or the rule nearby), what the new value holds
MORE: list[tuple[str, list[str] | None, str]] = [
    ("儿科诊室搬了，从 205 搬到 207。",["儿科"],"207"),
    ("口腔科何丽医生调走了，现在由周强医生坐诊。",["口腔科"],"周强"),
    ("内科周六上午也开诊了，8:30–11:30。",None,""),
    ("专家号涨价了：现在 80 元一个。",["专家号 50 元"],"80 元"),
    ("挂号费已经取消，不再收费。",["挂号费 12 元"],""),
    ("处方有效期不是三天，是五天。",["处方三日内有效"],"五天"),
    ("药房现在搬到二楼了",["药房在一楼"],"二楼"),
    ("地址错啦！是青年路 81 号",["青年路 18 号"],"81"),
    ("咨询电话换成 010-5555 4321 了",["010-5555 1234"],"4321"),
    ("预约放宽到提前 14 天。",["提前 7 天"],"14 天"),
    ("初诊以后只要带身份证就行，医保卡不用带了。",["初诊须带"],""),
    ("代煎费每剂 4 元那条已经作废，改为免费。",["每剂收费 4 元"],"免费"),
    ("药房中午 12 点到 13 点休息，文档里写的中午不休息是错的。",["中午不休息"],""),
    ("学费从 2026 年春季班开始上调至 7200 元。",["学费 6800"],"7200 元"),
    ("退费手续费写成了 5%，其实是 8%。",["5%"],"8%"),
    ("请假次数上限应改为 5 次",["3 次"],"5 次"),
    ("班主任不再是王芳了，接任的是刘洋。",["王芳"],"刘洋"),
    ("答疑时间改到周五下午 3 点到 5 点",["周四"],""),
    ("校车发车时间提前到 6:50。",["7:10"],"6:50"),
    ("校车现在也停靠火车站。",None,""),
    ("食堂现在可以收现金了。",["不收现金"],""),
    ("及格线是 70 分，不是 60 分，别的没变。",["60 分及格"],"70 分"),
    ("补领教材每本 50 块，不是 45。",["每本 45 元"],"50"),
    ("补充：学员凭证进图书馆免费借书。",None,""),
    ("因病请假的不计入三次之内，属于例外。",["3 次"],""),
    ("The Team plan now includes 30 users.",["Team: 25 users"],"30 users"),
    ("Starter isn't 19 USD any more, it's 24 USD.",["19 USD"],"24 USD"),
    ("We've bumped storage on the Business plan to 3 TB.",["2 TB"],"3 TB"),
    ("Email support: 12 hours, not 24.",["24 hours"],"12 hours"),
    ("Phone support has been extended until 20:00.",["9:00 to 18:00"],"20:00"),
    ("Two-factor login is mandatory now.",["Two-factor"],"mandatory"),
    ("Passwords no longer expire.",["Passwords"],""),
    ("The minimum password length was raised to 12 characters.",["10 characters"],"12"),
    ("Backups are kept for 45 days, the page says 30.",["30 days in Frankfurt"],"45 days"),
    ("Backups have been moved from Frankfurt to Dublin.",["Frankfurt"],"Dublin"),
    ("Wrong: data is deleted after 60 days. Correct: data is deleted after 90 days.",["60 days"],"90 days"),
    ("Refunds are possible within the first 14 days now.",["Refunds"],""),
    ("Accounts of public schools are exempt from the notice period.",["30 days' notice"],""),
    ("Please note that the briefing takes place in tent D instead of tent C.",["tent C"],"tent D"),
    ("The briefing is at 18:00.",["17:00"],"18:00"),
    ("Shifts were shortened to 5 hours",["Shifts last 6 hours"],"5 hours"),
    ("Hannah Mills left; the new volunteer coordinator is Tom Reid.",["Hannah Mills"],"Tom Reid"),
    ("Hannah's number is 07700 900321.",["07700 900123"],"900321"),
    ("Camping is 18 pounds per person, up from 15.",["15 GBP"],"18"),
    ("Children under 12 camp free, not just under 10.",["under 10"],"12"),
    ("First aid has moved next to the main stage.",["First aid"],""),
    ("Low Roar will now play at 19:30.",["Low Roar"],"19:30"),
    ("The Paper Kites had to cancel, Bear's Den will headline on Saturday.",["The Paper Kites"],""),
    ("Pets no longer have to stay at home.",["Pets stay"],""),
    ("Also, volunteers can refill water at every stage.",None,""),
    ("Parking moved: it's now at the north gate, not the east gate.",["east gate"],"north gate"),
    ("Showers should open at 5:30.",["6:00"],"5:30"),
]  # fmt: skip

SEVERAL = [
    ("两处更新：年卡改成 3000 元，季卡改成 990 元。", ("年卡 2800", "季卡 900")),
    ("瑜伽的名额改为 20 人，普拉提的名额改为 15 人。", ("名额 18", "名额 12")),
    ("Two updates: dormitory beds now cost 26 EUR, and breakfast costs 7 EUR.", ("24 EUR", "costs 6 EUR")),
    ("The microscope moved to room 20. Centrifuge B can be booked for 5 hours, not 4.", ("Microscope", "Centrifuge B")),
    ("住宿标准改了：一线城市每晚 600 元，其他城市每晚 400 元。", ("每晚 500 元", "每晚 350 元")),
]  # fmt: skip

NOTHING = [
    "教练们都很专业，每次来都很开心，谢谢！",
    "今天好热啊，泳池人真多",
    "哈哈，这个回答太有意思了",
    "辛苦了，周末愉快！",
    "年卡多少钱？",
    "请问周末几点开门",
    "住宿标准还是每晚 500 元吗？",
    "这个不对。",
    "手册里有些价格好像已经过时了，不太确定是哪个",
    "你们的文档太旧了，该更新了",
    "希望年卡能便宜一点",
    "感觉内容有问题",
    "我家的猫今天又把花瓶打碎了",
    "我昨天去爬山了，累死了",
    "The staff were lovely and the breakfast was delicious!",
    "Thanks a lot, that helped me.",
    "What time is check-out?",
    "Is breakfast still 6 EUR?",
    "Why does late check-out cost 8 EUR?",
    "Something on this page is wrong.",
    "I don't think that's right, but I can't remember the number.",
    "Your docs are outdated.",
    "It would be nice if check-out were at 12:00.",
    "Could we have breakfast until 11:00?",
    "My cousin just got a new dog, he is so cute!",
    "lol good one",
    "Good morning, have a great day!",
    "I had 3 coffees this morning and still feel tired.",
    "吴医生人特别好，非常耐心",
    "挂号好难啊，每次都抢不到",
    "请问儿科周六上班吗",
    "专家号是多少钱来着？",
    "电话打不通",
    "这里写得不清楚",
    "有个地方写错了",
    "好的，知道了",
    "我明天去看牙",
    "退费能不能快一点",
    "下雨了记得带伞",
    "祝大家学习进步！",
    "怎么请假",
    "The new plan looks great, well done!",
    "How many users does Team have?",
    "My login doesn't work",
    "I can't log in since yesterday.",
    "Is two-factor login mandatory?",
    "This is confusing.",
    "Too expensive!",
    "Can you tell me the price of the Team plan?",
    "I'm camping with 3 friends, can't wait!",
    "The music was way too loud last night.",
    "Some of the times seem off.",
    "ok",
    "Who is the coordinator now?",
    "Please check the phone number, I think it's wrong.",
    "你好",
    "在吗",
    "哦",
    "这个价格是不是写错了？",
    "能加个夜间门诊吗？",
]
