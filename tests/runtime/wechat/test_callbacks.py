"""What people do on their phones, and what comes of it in the hall: callbacks over a real socket."""

from __future__ import annotations

from protocol.ids import CommandId, HallId, TicketId
from protocol.messages import Submit
from protocol.push_commands import FollowTicket
from protocol.push_events import TicketFollowed
from protocol.wechat.scene import scene_of
from tests.runtime.wechat.office import FOLLOWERS, SCENE_KEY, Office
from tests.sim.wechat.service import ONCE


def openid(office: Office, name: str) -> str:
    return office.people.contact(name).openid


# -- scanning ------------------------------------------------------------------------------------


def test_scan_by_somebody_new_binds_the_ticket_and_tells_how_far_it_is(office: Office) -> None:
    office.take()
    ticket = office.take()
    shown = office.scan("zhang", office.code(ticket))
    assert office.followings() == [(ticket, openid(office, "zhang"))]
    assert "已关注号票 A002" in shown
    assert "前面还有 1 人" in shown
    assert "税务" in shown
    assert "西湖区政务大厅" in shown
    assert office.served.port_of_hall.scan_url(ticket) in shown


def test_scan_by_a_follower_of_the_account_binds_as_well(office: Office) -> None:
    ticket = office.take(language="en")
    office.follow("li")
    shown = office.scan("li", office.code(ticket))
    assert office.followings() == [(ticket, openid(office, "li"))]
    assert "You now follow ticket A001" in shown
    assert "You are next" in shown


def test_expected_wait_is_told_once_a_counter_is_open(office: Office) -> None:
    office.take()
    office.call_next()
    office.take()
    ticket = office.take(language="en")
    assert "Probably a wait of" in office.scan("zhang", office.code(ticket))


def test_ticket_of_which_nobody_scanned_is_not_followed(office: Office) -> None:
    ticket = office.take()
    scene = office.code(ticket)
    office.people.scan("zhang", scene, office.now_s, follows=False)
    assert office.deliver() == []
    assert office.followings() == []


def test_second_scan_by_the_same_phone_changes_nothing_and_tells_again(office: Office) -> None:
    ticket = office.take()
    scene = office.code(ticket)
    office.scan("zhang", scene)
    shown = office.scan("zhang", scene)
    assert "已关注号票 A001" in shown
    assert len(office.events(TicketFollowed)) == 1


def test_scan_by_who_follows_silently_leaves_it_silent(office: Office) -> None:
    # The hall would take another `FollowTicket` as the wish that calls are said aloud again.
    ticket = office.take()
    office.follow("zhang")
    follower = FOLLOWERS.seal(openid(office, "zhang"))
    silent = FollowTicket(id=CommandId("s"), ticket=ticket, follower=follower, silent=True)
    office.served.call(office.served.hall.tell, Submit(command=silent, reply_to=None))
    office.wait_until(lambda: office.served.journal.seq >= 3)
    before = len(office.events())
    assert "已关注号票 A001" in office.scan("zhang", office.code(ticket))
    assert len(office.events()) == before


def test_another_phone_is_refused(office: Office) -> None:
    ticket = office.take()
    scene = office.code(ticket)
    office.scan("zhang", scene)
    shown = office.scan("stranger", scene)
    assert "A001 已由另一部手机关注" in shown
    assert office.followings() == [(ticket, openid(office, "zhang"))]
    assert "前面" not in shown


def test_photograph_of_an_ended_ticket_binds_nothing(office: Office) -> None:
    ticket = office.take(language="en")
    scene = office.code(ticket)
    office.cancel(ticket)
    assert office.scan("stranger", scene) == "A001 has ended, so there is nothing to be told."
    assert office.followings() == []


def test_photograph_of_an_old_ticket_binds_nothing(office: Office) -> None:
    ticket = office.take()
    # WeChat lets the code live longer than the scene in it, which a stranger may count on.
    scene = office.code(ticket, until_s=60.0)
    office.shift_s = 120.0
    shown = office.scan("stranger", scene)
    assert "这个二维码已过期" in shown
    assert "This code has expired" in shown
    assert office.followings() == []


def test_ticket_of_another_day_binds_nothing(office: Office) -> None:
    office.take()
    scene = office.code(TicketId("20200101-A001"))
    assert "不是今天的" in office.scan("stranger", scene)
    assert office.followings() == []


def test_scene_that_somebody_made_up_binds_nothing(office: Office) -> None:
    ticket = office.take()
    scene = office.code(ticket, key=bytes(32))
    assert "这个二维码无效" in office.scan("stranger", scene)
    assert office.followings() == []


def test_code_that_is_of_no_ticket_greets_the_new_and_says_so_to_the_others(office: Office) -> None:
    office.wechat.code("poster")
    assert office.scan("wang", "poster").startswith("您好！扫描号票上的二维码")
    assert "This is no ticket's code" in office.scan("wang", "poster")
    assert office.followings() == []


def test_code_of_a_hall_that_is_not_here_binds_nothing(office: Office) -> None:
    ticket = office.take()
    scene = scene_of(SCENE_KEY, HallId("SH02"), ticket, office.now_s + 600.0)
    office.wechat.code(scene)
    assert "不在本公众号" in office.scan("zhang", scene)
    assert office.followings() == []


# -- following the account, and leaving it --------------------------------------------------------


def test_somebody_who_follows_without_a_code_is_welcomed_in_both_languages(office: Office) -> None:
    office.follow("zhang")
    shown = office.shown("zhang")
    assert shown.startswith("您好！扫描号票上的二维码")
    assert "Welcome! Scan the code on your ticket" in shown


def test_who_leaves_the_account_lets_every_open_ticket_go(office: Office) -> None:
    mine, ended, also_mine, other = (office.take() for _ in range(4))
    for ticket in (mine, ended, also_mine):
        office.scan("zhang", office.code(ticket))
    office.scan("li", office.code(other))
    office.cancel(ended)
    office.people.unfollow("zhang", office.now_s)
    assert [answer.body for answer in office.deliver()] == [b"success"]
    assert office.followings()[4:] == [(mine, None), (also_mine, None)]
    assert "已关注号票" in office.scan("wang", office.code(mine))


# -- asking --------------------------------------------------------------------------------------


def test_progress_is_told_of_every_open_ticket_that_the_person_follows(office: Office) -> None:
    first, other, second = office.take(), office.take(), office.take("id", language="en")
    for name, ticket in (("zhang", first), ("li", other), ("zhang", second)):
        office.scan(name, office.code(ticket))
    for text in ("进度", "progress", " Progress. "):
        shown = office.say("zhang", text)
        assert shown.index("A001") < shown.index("下一位就是您") < shown.index("B001")
        assert "You are next" in shown
        assert "A002" not in shown
    office.cancel(first)
    assert "A001" not in office.say("zhang", "查询")


def test_menu_button_tells_the_progress(office: Office) -> None:
    office.scan("zhang", office.code(office.take()))
    menu = {"button": [{"type": "click", "name": "进度", "key": "progress"}]}
    assert office.wechat.post("/cgi-bin/menu/create", menu)["errcode"] == 0
    office.people.click("zhang", "progress", office.now_s)
    office.deliver()
    assert "前面" in office.shown("zhang") or "下一位" in office.shown("zhang")
    assert office.counted()["menu_clicked", "answered"] == 1


def test_call_is_told_with_its_counter(office: Office) -> None:
    ticket = office.take()
    office.scan("zhang", office.code(ticket))
    office.call_next()
    assert "请到1 号窗口办理" in office.say("zhang", "进度")


def test_who_follows_nothing_is_told_how_to(office: Office) -> None:
    office.follow("zhang")
    assert office.say("zhang", "进度").startswith("您还没有关注号票")
    assert office.say("zhang", "status").startswith("You follow no ticket")


def test_number_of_an_own_ticket_is_told_in_full_however_it_is_written(office: Office) -> None:
    office.take()
    ticket = office.take()
    office.scan("zhang", office.code(ticket))
    for text in ("A002", "a2", "ａ００２号", "a-02"):
        shown = office.say("zhang", text)
        assert "前面还有 1 人" in shown
        assert office.served.port_of_hall.scan_url(ticket) in shown


def test_strangers_number_is_told_as_the_display_tells_it(office: Office) -> None:
    office.follow("zhang")
    called, waiting = office.take(), office.take()
    office.call_next()
    assert "A001：请到1 号窗口办理（西湖区政务大厅）" in office.say("zhang", "A001")
    shown = office.say("zhang", "A002")
    assert "A002 属于税务" in shown
    assert "现在叫到：A001（1 号窗口）" in shown
    assert "等候 1 人" in shown
    assert "Now called: A001 (Counter 1)" in shown
    for ticket in (called, waiting):
        assert str(ticket) not in shown
    assert "/t/" not in shown


def test_number_that_waits_and_one_that_was_never_given_out_look_the_same(office: Office) -> None:
    office.follow("zhang")
    waits = office.take()
    office.take()
    shown = office.say("zhang", "A002")
    assert shown.replace("A002", "A777") == office.say("zhang", "A777")
    office.cancel(waits)
    cancelled, never = office.say("zhang", "A001"), office.say("zhang", "A778")
    assert cancelled.replace("A001", "A778") == never


def test_number_of_no_service_is_said_to_be_none(office: Office) -> None:
    office.follow("zhang")
    for text in ("C001", "B003", "A1000"):
        shown = office.say("zhang", text)
        assert f"没有业务使用号码 {text}" in shown
        assert f"No service has the number {text}" in shown


def test_other_text_is_answered_with_help_in_its_language(office: Office) -> None:
    office.follow("zhang")
    assert office.say("zhang", "你好吗").startswith("发送“进度”查看")
    assert "Send" not in office.say("zhang", "你好吗")
    assert office.say("zhang", "how long?").startswith('Send "progress"')
    both = office.say("zhang", "???")
    assert "发送" in both
    assert "Send" in both


# -- what nobody waits for -------------------------------------------------------------------------


def test_consents_and_ends_of_templates_are_counted_and_nothing_else(office: Office) -> None:
    office.scan("zhang", office.code(office.take()))
    before = len(office.events())
    office.people.consent("zhang", ONCE.id, office.now_s)
    assert office.wechat.template(openid(office, "zhang"))["errcode"] == 0
    office.shift_s += 5.0
    assert {answer.body for answer in office.deliver()} == {b"success"}
    counted = office.counted()
    assert counted["consent_changed", "done"] == 1
    assert counted["template_ended", "done"] == 1
    assert len(office.events()) == before


def test_no_openid_is_in_what_the_journal_keeps(office: Office) -> None:
    office.scan("zhang", office.code(office.take()))
    office.people.unfollow("zhang", office.now_s)
    office.deliver()
    assert len(office.followings()) == 2
    assert openid(office, "zhang") not in repr(office.events())


def test_address_is_confirmed_to_wechat(office: Office) -> None:
    office.wechat.stand_in.connect(office.now_s)
    office.deliver()
    [ended] = office.wechat.stand_in.deliveries.ended
    assert (ended.what, ended.outcome) == ("echo", "answered")
