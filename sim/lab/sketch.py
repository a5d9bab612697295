"""A light picture of a day's queue: who waits and who is called by whom, without actors and messages.

It plays a day some eighty times faster than the production actors do, with people who came in a run of those.
So thousands of plans can be tried with it; what it says of one is a guess all the same, to be tried with the
actors. It follows the hall's policy; but nobody is refused or sets off later because the plan makes waits
longer than they were in that run, and which of the clerks with other services who are idle calls somebody is
simpler than in a hall.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from heapq import heapify, heappop, heappush

from protocol.policies import PolicyKind
from protocol.tickets import TicketClass
from sim.lab.attainment import Counts
from sim.lab.guests import Guests
from sim.lab.scenario import LabScenario
from sim.lab.staffing import OVERTIME_S, QUARTER_S, Day, Plan

_QUARTER, _COMES, _COMES_BACK, _FREE = range(4)
"""What happens next; of what happens at the same time this is the order."""

Place = tuple[float, int]
"""Where somebody stands in a queue, and who: his number among the guests."""
Counter = tuple[int, int]
"""A group, and which of its counters."""
Head = tuple[Place, int, TicketClass]
"""The first of a service and class."""

_BY_CLASS, _BY_SERVICE = PolicyKind.CLASS_RATIOS, PolicyKind.SERVICE_WEIGHTS


class Sketch:
    """The rules of a day by which guests are called, for any plan."""

    def __init__(self, day: Day, scenario: LabScenario, within_s: float) -> None:
        """``scenario`` is that of ``day`` with any staff."""
        spec = scenario.spec
        places = {service: place for place, service in enumerate(spec.services)}
        self.quarters = day.quarters
        self.within_s = within_s
        self.policy = spec.policy
        self.no_show_after_s = scenario.no_show_after_s
        self.services = [[places[each] for each in group.services] for group in day.groups]
        """Of each group."""
        self.able = [
            [group for group, own in enumerate(self.services) if service in own]
            for service in range(len(places))
        ]
        """For each service the groups that have it."""
        self.expected_s = [scenario.takes_s(service).expected_s for service in spec.services]
        self.target_s = [service.target_wait_s for service in spec.services.values()]
        first = [spec.counters[group.counters[0]] for group in day.groups]
        self.strides: list[dict[object, float]] = [
            {places[each]: 1 / counter.weights.get(each, 1) for each in counter.services}
            if spec.policy.kind is _BY_SERVICE
            else {each: 1 / spec.policy.ratios.get(each, 1) for each in TicketClass}
            for counter in first
        ]

    def counts(self, plan: Plan, people: Guests) -> Counts:
        """Return how many would be called in time with the counters of ``plan``."""
        return _Play(self, plan, people).counts()


class _Play:
    """One day of a sketch."""

    def __init__(self, rules: Sketch, plan: Plan, people: Guests) -> None:
        self._rules = rules
        self._plan = plan
        self._people = people
        self._guests = guests = people.guests
        self._ends_s = people.begins_s + rules.quarters * QUARTER_S
        self._quarter = 0
        self._lines: list[dict[TicketClass, list[Place]]] = [{} for _ in rules.able]
        self._called_s: list[float | None] = [None] * len(guests)
        self._overtaken = [0] * len(guests)
        self._came_back: set[int] = set()
        self._idle: list[deque[tuple[float, int]]] = [deque() for _ in plan]
        """Of each group since when which of its counters are idle."""
        self._busy: list[set[int]] = [set() for _ in plan]
        self._clocks: dict[Counter, float] = {}
        self._shares: dict[Counter, dict[object, float]] = {}
        self._events: list[tuple[float, int, int, int]] = [
            (guest.queued_s, _COMES, number, 0) for number, guest in enumerate(guests)
        ]
        self._events += [
            (people.begins_s + quarter * QUARTER_S, _QUARTER, quarter, 0)
            for quarter in range(rules.quarters + 1)
        ]
        heapify(self._events)

    def counts(self) -> Counts:
        """Play to the end, and count."""
        events = self._events
        while events:
            now_s, kind, one, other = heappop(events)
            if kind == _COMES:
                self._comes(one, now_s, self._guests[one].order)
            elif kind == _FREE:
                self._free(one, other, now_s)
            elif kind == _QUARTER:
                self._begin(one, now_s)
            elif self._guests[one].leaves_s > now_s:
                self._came_back.add(one)
                self._called_s[one] = None
                self._comes(one, now_s, 0.0)
        return self._counted()

    def _counted(self) -> Counts:
        within_s = self._rules.within_s
        counts = [list(row) for row in self._people.counts]
        for guest, called_s in zip(self._guests, self._called_s, strict=True):
            if guest.quarter is None:
                continue
            met = called_s is not None and called_s - guest.since_s <= within_s
            if called_s is None and guest.leaves_s - guest.since_s <= within_s:
                continue  # who left did not give the hall the time
            in_time, of = counts[guest.pool][guest.quarter]
            counts[guest.pool][guest.quarter] = (in_time + met, of + 1)
        return counts

    # -- what happens ----------------------------------------------------------------------------

    def _begin(self, quarter: int, now_s: float) -> None:
        """Let counters close and open as the plan says."""
        self._quarter = quarter
        for group, row in enumerate(self._plan):
            before = row[quarter - 1] if quarter else 0
            after = row[quarter] if quarter < len(row) else 0
            if after < before:
                left = [each for each in self._idle[group] if each[1] < after]
                self._idle[group] = deque(left)
            for counter in range(before, after):
                if counter not in self._busy[group]:
                    self._call(group, counter, now_s)

    def _comes(self, number: int, now_s: float, order: float) -> None:
        guest = self._guests[number]
        line = self._lines[guest.service]
        queue = line.setdefault(guest.ticket_class, [])
        insort(queue, (order, number))
        longest: int | None = None
        for group in self._rules.able[guest.service]:
            idle = self._idle[group]
            if idle and (longest is None or idle[0] < self._idle[longest][0]):
                longest = group
        if longest is not None:
            _, counter = self._idle[longest].popleft()
            self._call(longest, counter, now_s)

    def _free(self, group: int, counter: int, now_s: float) -> None:
        """A counter is done with a guest: who still works calls the next one."""
        self._busy[group].discard(counter)
        row = self._plan[group]
        if self._quarter < len(row):
            if counter < row[self._quarter]:
                self._call(group, counter, now_s)
        elif counter < row[-1] and now_s - self._ends_s < OVERTIME_S:
            self._call(group, counter, now_s)

    def _call(self, group: int, counter: int, now_s: float) -> None:
        number = self._next((group, counter), now_s)
        if number is None:
            if self._quarter < self._rules.quarters:
                self._idle[group].append((now_s, counter))
            return
        guest, given_up_s = self._guests[number], self._rules.no_show_after_s
        self._called_s[number] = now_s
        self._busy[group].add(counter)
        walk_s = guest.to_counter_s + max(0.0, guest.in_hall_s - now_s)
        done_s = now_s + given_up_s
        if guest.present and walk_s < given_up_s:
            done_s = now_s + walk_s + guest.service_s
        elif guest.in_hall_s > done_s:
            heappush(self._events, (guest.in_hall_s, _COMES_BACK, number, 0))
        heappush(self._events, (done_s, _FREE, group, counter))

    # -- who is next -----------------------------------------------------------------------------

    def _next(self, counter: Counter, now_s: float) -> int | None:
        """Take whoever is next at a counter out of the queue; None if nobody waits."""
        heads = self._heads(counter[0], now_s)
        if not heads:
            return None
        head, in_turn = self._chosen(counter, heads, now_s)
        head, in_turn = self._bounded(head, in_turn, now_s)
        place, service, ticket_class = head
        line = self._lines[service]
        for other, queue in line.items():
            if other is not ticket_class:
                for waiting in queue:
                    if waiting > place:
                        break
                    self._overtaken[waiting[1]] += 1
        del line[ticket_class][0]
        self._charge(counter, service, ticket_class, in_turn)
        return place[1]

    def _heads(self, group: int, now_s: float) -> list[Head]:
        """Return the first ones who have not lost patience."""
        heads: list[Head] = []
        for service in self._rules.services[group]:
            for ticket_class, queue in self._lines[service].items():
                while queue and self._guests[queue[0][1]].leaves_s <= now_s:
                    del queue[0]
                if queue:
                    heads.append((queue[0], service, ticket_class))
        return heads

    def _chosen(self, counter: Counter, heads: list[Head], now_s: float) -> tuple[Head, bool]:
        """Return whom the policy chooses, and whether that is by turns."""
        rules = self._rules
        booked = [head for head in heads if self._due_s(head) is not None]
        if booked:
            following = min(booked)
            due_s = self._due_s(following)
            assert due_s is not None
            left_s = due_s - now_s
            if left_s <= rules.policy.due_before_s:
                return following, False
            heads = [
                head for head in heads if head not in booked and rules.expected_s[head[1]] <= left_s
            ]
            if not heads:
                return following, False
        if len(heads) == 1:
            return heads[0], True
        clock, shares = self._clocks.get(counter, 0.0), self._shares.get(counter, {})
        match rules.policy.kind:
            case PolicyKind.FIRST_COME:
                return min(heads), True
            case PolicyKind.TARGET_WAIT:
                return max(heads, key=lambda head: self._against_target(head, now_s)), True
            case PolicyKind.CLASS_RATIOS | PolicyKind.SERVICE_WEIGHTS as kind:
                key = 2 if kind is _BY_CLASS else 1
                return min(heads, key=lambda h: (max(clock, shares.get(h[key], 0.0)), h[0])), True

    def _due_s(self, head: Head) -> float | None:
        number = head[0][1]
        return None if number in self._came_back else self._guests[number].due_s

    def _against_target(self, head: Head, now_s: float) -> float:
        return (now_s - self._guests[head[0][1]].queued_s) / self._rules.target_s[head[1]]

    def _bounded(self, head: Head, in_turn: bool, now_s: float) -> tuple[Head, bool]:
        """Return whoever of the same service is earlier and at a bound on overtaking, or else ``head``."""
        place, service, ticket_class = head
        most, longest_s = self._rules.policy.overtaken_max, self._rules.policy.overtaken_wait_s
        if most is None and longest_s is None:
            return head, in_turn
        for other, queue in self._lines[service].items():
            if other is ticket_class or not queue or queue[0] > place:
                continue
            number = queue[0][1]
            if (most is not None and self._overtaken[number] >= most) or (
                longest_s is not None and now_s - self._guests[number].queued_s >= longest_s
            ):
                head, in_turn, place = (queue[0], service, other), False, queue[0]
        return head, in_turn

    def _charge(
        self, counter: Counter, service: int, ticket_class: TicketClass, in_turn: bool
    ) -> None:
        """Note whose turn it was; see `actors.hall.strides`."""
        kind = self._rules.policy.kind
        if kind is not _BY_CLASS and kind is not _BY_SERVICE:
            return
        key: object = ticket_class if kind is _BY_CLASS else service
        shares = self._shares.setdefault(counter, {})
        start = max(self._clocks.get(counter, 0.0), shares.get(key, 0.0))
        if in_turn:
            self._clocks[counter] = start
        shares[key] = start + self._rules.strides[counter[0]][key]
