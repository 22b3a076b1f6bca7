"""Made-up texts that are toxic, or only sound so: what the toxicity benchmark is measured on.

Nobody wrote them to anybody. They are put together from sentences with gaps; those that a
classifier learns from and those it is tried on share no sentence, only what fills the gaps.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias

Style: TypeAlias = Literal["open", "dressed up", "without a bad word", "everyday", "sounds bad"]
STYLES: tuple[Style, ...] = ("open", "dressed up", "without a bad word", "everyday", "sounds bad")


class Labelled(NamedTuple):
    """One text, and what it is."""

    text: str
    toxic: bool
    style: Style


_WHO = (
    "the new manager",
    "my neighbour",
    "your sister",
    "that team",
    "the referee",
    "the teacher",
    "our landlord",
    "the intern",
    "her cousin",
    "this customer",
    "the driver",
    "his friend",
)
_WHEN = (
    "tonight",
    "tomorrow",
    "after work",
    "on Monday",
    "right now",
    "one day",
    "this evening",
    "next week",
    "at the weekend",
    "before lunch",
)
_WHAT = (
    "report",
    "meeting",
    "recipe",
    "garden",
    "project",
    "holiday",
    "match",
    "paper",
    "dataset",
    "house",
    "concert",
    "bicycle",
)
_WHERE = ("office", "park", "station", "kitchen", "library", "school", "airport", "village")

_OPEN = (
    "You are a worthless piece of shit and {who} knows it.",
    "I will kill you {when}, wait for me at the {where}.",
    "Shut the fuck up about the {what}.",
    "{who} is a fucking moron, everyone at the {where} says so.",
    "Go to hell with your {what}, you stupid idiot.",
    "I hope you die {when}.",
    "Kill yourself, nobody likes you at the {where}.",
    "You stupid bitch, you ruined the {what}.",
    "I'm going to kill {who} {when} and burn the {where}.",
    "You're pathetic and ugly, leave the {where}.",
    "I want to kill myself {when}, there is no reason to live.",
    "{who} should be beaten to death, that asshole.",
    "Send nudes {when} or I tell {who}.",
    "You retarded loser, hands off the {what}.",
    "They are vermin and should be exterminated, all at the {where}.",
    "I'll shoot you and {who} at the {where}.",
    "What a bunch of assholes, this {what} is bullshit.",
    "You disgust me, you scumbag, and so does {who}.",
    "I am going to cut myself {when}, I want to die.",
    "Suck my dick, {who}.",
)
_WITHOUT = (
    "People like you should never have been allowed into the {where}.",
    "The world would be a better place if {who} had not been born.",
    "It would be a pity if something happened to your family {when}.",
    "I know where you live, and I know when you come back from the {where}.",
    "Nobody would notice if you were gone {when}.",
    "Your kind ruins every {what} it touches.",
    "Even a trained monkey could have done the {what} better than you.",
    "Do us all a favour and disappear from the {where}.",
    "You had better watch your back near the {where} {when}.",
    "Women should stay out of the {where} and leave the {what} to those who can.",
    "You will be sorry {when}, and so will {who}.",
    "I don't see the point of waking up {when} any more.",
    "Everyone would be happier without me, {who} most of all.",
    "Those foreigners only come to the {where} to take what is ours.",
    "I have been saving pills for {when}, just so you know.",
    "You are as useful as a hole in a boat, like {who}.",
)
_EVERYDAY = (
    "Could you send me the {what} {when}, please?",
    "{who} liked the {what} we made at the {where}.",
    "I will meet {who} at the {where} {when}.",
    "The {what} starts {when}; bring a friend.",
    "How do I read a {what} with pandas and plot it by week?",
    "Thank you for helping with the {what}, it was kind of you.",
    "We moved the {what} to the {where} because of the rain.",
    "What is the fastest way from the {where} to the station?",
    "Please summarise the {what} in three sentences for {who}.",
    "My favourite part of the {what} was the beginning.",
    "{who} is on holiday until next month.",
    "The {where} opens at eight and closes at six.",
    "I learned a lot from {who} about the {what}.",
    "Let us talk about the {what} {when}.",
    "Is there a vegetarian dish for the {what} {when}?",
    "The {what} was finished on time, well done.",
)
_SOUNDS = (
    "How do I kill the process that holds the {what} on port 8080?",
    "We shoot the photos for the {what} at the {where} {when}.",
    "The bomb disposal unit closed the {where} {when} for the {what}.",
    "{who} wrote a paper on suicide prevention at the {where}.",
    "The comedian killed it at the {where}, {who} laughed to tears.",
    "Breast cancer screening is offered at the {where} {when}.",
    "This {what} is to die for, said {who}.",
    "The novel begins with a murder at the {where}; {who} lent it to me.",
    "Beat the eggs, stab the dough with a fork and leave it until {when}.",
    "The referee blew it, and {who} lost the {what}; what a damn shame.",
    "The naked mole rat lives under the {where}, says {who}.",
    "A dumb question about the {what}: why does the loop stop?",
    "The child processes of the {what} die when the master is killed.",
    "{who} was bitten by a dog at the {where}; there was some blood.",
    "The court heard how the victim was threatened at the {where}.",
    "Sex, age and income are columns of the {what}.",
)
_FIGURES = str.maketrans({"a": "4", "e": "3", "i": "1", "o": "0", "s": "5"})
_CYRILLIC = str.maketrans({"a": "а", "e": "е", "o": "о", "c": "с", "p": "р"})


def texts(count: int, half: Literal["learn", "try"], seed: int = 7) -> list[Labelled]:
    """`count` texts of each style from one half of the sentences."""
    rng = random.Random(f"{seed} {half}")
    found: list[Labelled] = []
    for style, sentences, toxic in _styles():
        own = sentences[0::2] if half == "learn" else sentences[1::2]
        for number in range(count):
            text = _filled(rng, own[number % len(own)])
            text = _dressed(rng, text) if style == "dressed up" else text
            found.append(Labelled(text, toxic, style))
    return found


def _styles() -> Iterator[tuple[Style, Sequence[str], bool]]:
    yield "open", _OPEN, True
    yield "dressed up", _OPEN, True
    yield "without a bad word", _WITHOUT, True
    yield "everyday", _EVERYDAY, False
    yield "sounds bad", _SOUNDS, False


def _filled(rng: random.Random, sentence: str) -> str:
    text = sentence.format(
        who=rng.choice(_WHO),
        when=rng.choice(_WHEN),
        what=rng.choice(_WHAT),
        where=rng.choice(_WHERE),
    )
    return text[0].upper() + text[1:]


def _dressed(rng: random.Random, text: str) -> str:
    """As people hide words from a filter."""
    way = rng.randrange(5)
    if way == 0:
        return text.translate(_FIGURES)
    if way == 1:
        return text.translate(_CYRILLIC)
    if way == 2:
        return "\u200b".join(text)
    if way == 3:
        return " ".join(" ".join(word) if len(word) > 3 else word for word in text.split(" "))
    return "".join(char * rng.choice((1, 3)) if char.isalpha() else char for char in text)
