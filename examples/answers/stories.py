"""Short stories, questions about them, and the words they are made of: the data of this example.

A story is five sentences, each of which tells one fact about people, things, places, times or
numbers, and one more for each thing that is moved. A question asks for one fact; one in five asks
for what the story does not tell. All of it follows from the seed, on any machine: only
random.Random.random() is used.
"""

import random
import re
from dataclasses import dataclass

SEEDS = {"train": 11, "calibration": 12, "test": 13}
QUESTION_WORDS, CONTEXT_WORDS = 12, 84  # with punctuation; what the model has room for

PEOPLE = """Anna Ben Carla David Emma Felix Greta Hugo Ida Jonas Klara Leo Maria Noah Olga Paul Rosa
Sami Tara Viktor Wanda Yusuf Zoe Milan""".split()
THINGS = """key map letter lamp book violin camera umbrella watch ring hat ticket knife cup phone
torch""".split()
GOODS = """bicycle coat table boat guitar kite basket drum mirror chair""".split()
COUNTED = """coins apples stamps horses pencils cats bottles shells postcards candles""".split()
COLOURS = """red blue green yellow white black""".split()
SPOTS = """in the drawer;under the bed;on the kitchen table;behind the old clock;next to the window;
in the blue box;on the top shelf;in the garden shed;behind the door;under the stairs""".split(";")
PLACES = """the market;the harbour;the museum;the old library;the train station;the city park;
the bakery;the swimming pool""".split(";")
TIMES = """at noon;on Monday;on Friday evening;at 7 in the morning;at 9 in the evening;after lunch;
on Sunday morning;before sunrise""".split(";")
HOMES = """in Lisbon;in a village near Oslo;in Vienna;on a farm;in Kyoto;above a cafe in Rome;
in the old town of Prague;near the sea""".split(";")
SPOTS, PLACES, TIMES, HOMES = ([p.strip() for p in ps] for ps in (SPOTS, PLACES, TIMES, HOMES))

# What a question of each kind asks, and for which part of the fact.
QUESTIONS = {
    "spot": [("Where is the {thing}?", "spot")],
    "count": [("How many {counted} does {a} have?", "number")],
    "trip": [("Where did {a} go?", "place"), ("When did {a} go to {place}?", "time")],
    "gift": [("Who has the {thing}?", "b"), ("Who gave the {thing} away?", "a")],
    "home": [("Where does {a} live?", "home")],
    "purchase": [("What did {a} buy?", "bought"), ("How much did the {good} cost?", "price")],
    "meeting": [("Where did {a} meet {b}?", "place"), ("When did {a} meet {b}?", "time")],
}
SENTENCES = {
    "spot": [
        "{a} put the {thing} {spot}.",
        "{a} hid the {thing} {spot}.",
        "The {thing} is {spot}.",
    ],
    "count": [
        "{a} has {number} {counted}.",
        "{a} counted {number} {counted} and kept all of them.",
    ],
    "trip": ["{a} went to {place} {time}.", "{time}, {a} went to {place}."],
    "gift": ["{a} gave the {thing} to {b}.", "{b} got the {thing} from {a}."],
    "home": ["{a} lives {home}.", "The family of {a} lives {home}."],
    "purchase": ["{a} bought {bought} for {price}.", "For {price}, {a} bought {bought}."],
    "meeting": ["{a} met {b} at {place} {time}.", "{time}, {a} and {b} met at {place}."],
}
MOVED = "Then {a} took the {thing} and left it {spot}."

WORD = re.compile(r"[A-Za-z]+|[0-9]+|[.,?]")


def words(text):
    """Returns the words and the punctuation of a text, in order."""
    return WORD.findall(text)


def find(part, whole):
    """Returns where a list of words begins in another, whatever their case."""
    part, whole = ([word.lower() for word in some] for some in (part, whole))
    return next(i for i in range(len(whole)) if whole[i : i + len(part)] == part)


@dataclass
class Sample:
    context: str
    question: str
    answers: list  # of texts; empty: the context does not tell
    begin: int = 0  # the word of the context where the answer begins


class Storyteller:
    """Tells one story after the other, each with one question."""

    def __init__(self, seed):
        self.random = random.Random(seed).random

    def below(self, n):
        return int(self.random() * n)

    def pick(self, items):
        return items[self.below(len(items))]

    def some(self, items, n):
        """Returns n different items."""
        items = list(items)
        return [items.pop(self.below(len(items))) for _ in range(n)]

    def fact(self, cast, things, goods):
        kind = self.pick(list(SENTENCES))
        a, b = self.some(cast, 2)
        if not things and kind in ("spot", "gift") or not goods and kind == "purchase":
            kind = "home"
        fact = {"kind": kind, "a": a, "b": b, "spot": self.pick(SPOTS), "place": self.pick(PLACES)}
        fact |= {"time": self.pick(TIMES), "home": self.pick(HOMES), "number": 2 + self.below(97)}
        fact |= {"counted": self.pick(COUNTED), "price": f"{5 + self.below(94)} euros"}
        if kind in ("spot", "gift"):
            fact["thing"] = things.pop()
        if kind == "purchase":
            fact["good"] = goods.pop()
            fact["bought"] = f"a {self.pick(COLOURS)} {fact['good']}"
        return fact

    def facts(self, cast):
        """Returns facts that do not contradict one another: no question has two answers."""
        things, goods = self.some(THINGS, 5), self.some(GOODS, 3)
        facts, told = [], set()
        while len(facts) < 5:
            fact = self.fact(cast, things, goods)
            about = {
                "count": (fact["a"], fact["counted"]),
                "meeting": tuple(sorted((fact["a"], fact["b"]))),
            }.get(fact["kind"], fact.get("thing", fact["a"]))
            if (fact["kind"], about) in told:
                continue
            told.add((fact["kind"], about))
            facts.append(fact)
        return facts

    def sentence(self, form, fact):
        text = form.format(**fact)
        return text[0].upper() + text[1:]

    def missing(self, facts, cast):
        """Returns a question about somebody or something of the story that it does not answer."""
        while True:
            asked = dict(self.pick(facts))
            asked["kind"] = self.pick(list(QUESTIONS))
            asked["a"], asked["b"] = self.some(cast + [self.pick(PEOPLE)], 2)
            asked |= {"place": self.pick(PLACES), "counted": self.pick(COUNTED)}
            asked |= {"thing": self.pick(THINGS), "good": self.pick(GOODS)}
            form, _ = self.pick(QUESTIONS[asked["kind"]])
            named = set(re.findall(r"{(\w+)}", form))
            people = {"a", "b"} & named
            told = any(
                f["kind"] == asked["kind"]
                and {f[p] for p in people} == {asked[p] for p in people}
                and all(f[k] == asked[k] for k in named - people)
                for f in facts
            )
            if not told:
                return form.format(**asked)

    def sample(self):
        cast = self.some(PEOPLE, 3)
        facts = self.facts(cast)
        lines = [self.sentence(self.pick(SENTENCES[f["kind"]]), f) for f in facts]
        for fact in list(facts):  # some things are moved: the last place counts
            if fact["kind"] == "spot" and self.random() < 0.5:
                others = [spot for spot in SPOTS if spot != fact["spot"]]
                fact |= {"a": self.pick(cast), "spot": self.pick(others)}
                fact["line"] = len(lines)
                lines.append(self.sentence(MOVED, fact))
        context = " ".join(lines)
        if self.random() < 0.2:
            return Sample(context, self.missing(facts, cast), [])
        i = self.below(len(facts))
        fact = facts[i]
        form, asked = self.pick(QUESTIONS[fact["kind"]])
        answer, line = str(fact[asked]), fact.get("line", i)
        begin = len(words(" ".join(lines[:line]))) + find(words(answer), words(lines[line]))
        return Sample(context, form.format(**fact), [answer], begin)

    def samples(self, n):
        """Returns n samples that the model has room for."""
        samples = []
        while len(samples) < n:
            sample = self.sample()
            if len(words(sample.context)) <= CONTEXT_WORDS:
                samples.append(sample)
        return samples


def vocabulary():
    """Returns the number of each word, from 3 on: 0 pads, 1 begins a question, 2 is unknown."""
    texts = PEOPLE + THINGS + GOODS + COUNTED + COLOURS + SPOTS + PLACES + TIMES + HOMES
    texts += [re.sub(r"{\w+}", "", form) for forms in SENTENCES.values() for form in forms]
    texts += [re.sub(r"{\w+}", "", form) for forms in QUESTIONS.values() for form, _ in forms]
    texts += [re.sub(r"{\w+}", "", MOVED), "a euros"] + [str(n) for n in range(2, 100)]
    found = sorted({word.lower() for text in texts for word in words(text)})
    return {word: number for number, word in enumerate(found, 3)}


def encode(samples, vocab):
    """Returns the model's inputs as lists of numbers, padded: questions and contexts."""

    def numbers(text, room):
        found = [vocab.get(word.lower(), 2) for word in words(text)]
        return found + [0] * (room - len(found))

    questions = [[1] + numbers(s.question, QUESTION_WORDS - 1) for s in samples]
    contexts = [numbers(s.context, CONTEXT_WORDS) for s in samples]
    return questions, contexts
