"""Home: the organisations and roles, and one seat at a time."""

import uuid

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.errors import NotFound, OutOfReach, Refusal, WrongPassword
from app.models import Membership, Role
from app.operations import impersonation, memberships, seats, sessions, sign_in
from app.operations.ways_in import Verified
from app.pages import cards, held_seats, problems, roles, rules, signed_in, steps
from app.pages.forms import AnotherPasswordForm
from app.pages.hashing import require_room
from app.pages.visitor import visitor

pages = Blueprint("home", __name__)
pages.before_request(signed_in.turn_strangers_away)


@pages.get("/")
def start() -> Response:
    """Lead to where one begins."""
    return redirect(url_for("home.index"), 303)


@pages.get("/home")
def index() -> ResponseReturnValue:
    """Show every organisation and role, by its name, superusers first."""
    return _page()


@pages.get("/o/<uuid:organisation_id>/<role>/")
def seat(organisation_id: uuid.UUID, role: str) -> ResponseReturnValue:
    """Show one seat; its place is in the address, so that two tabs can be two places."""
    here = (organisation_id, Role.of_slug(role))
    return _seat_page(held_seats.membership(lambda m: (m.organisation_id, m.role) == here))


@pages.get("/superuser/")
def superuser() -> ResponseReturnValue:
    """Show the superuser's seat, which belongs to no organisation."""
    return _seat_page(held_seats.membership(lambda m: m.role is Role.SUPERUSER))


@pages.post("/home/seats/<uuid:membership_id>")
def switch(membership_id: uuid.UUID) -> ResponseReturnValue:
    """Take one more seat, by way of what it asks."""
    membership = held_seats.membership(lambda m: m.id == membership_id)
    if signed_in.looks_as_somebody():
        return _look_at(membership)
    verified = seats.switch(signed_in.required(), membership_id, visitor())
    try:
        if verified.offers:
            return _go_to(membership, verified.offers[0].handle)
        raise verified.refused[0].refusal
    except WrongPassword:
        return redirect(url_for("home.index", ask=membership_id), 303)
    except Refusal as refusal:
        flash(problems.sentence(refusal), "warning")
        return redirect(url_for("home.index"), 303)


@pages.get("/home/seats/<uuid:membership_id>/password")
def ask_password(membership_id: uuid.UUID) -> Response:
    """Lead a reload of a refused form back to where the form stands."""
    return redirect(url_for("home.index", ask=membership_id), 303)


@pages.post("/home/seats/<uuid:membership_id>/password")
def password(membership_id: uuid.UUID) -> ResponseReturnValue:
    """Take a seat by the password that its organisation has for this account."""
    require_room()
    membership, form = held_seats.membership(lambda m: m.id == membership_id), AnotherPasswordForm()
    form.membership.data = str(membership_id)
    if not form.validate():
        return _page(form), 400
    try:
        verified = seats.switch(signed_in.required(), membership_id, visitor())
        handle = _handle_by_password(verified, membership_id, form.password.data or "")
        return _go_to(membership, handle)
    except Refusal as refusal:
        form.password.errors = [problems.sentence(refusal)]
        return problems.answer(_page(form), refusal)


def _look_at(membership: Membership) -> Response:
    """Take a seat in somebody else's place."""
    try:
        impersonation.take_seat(signed_in.required(), membership.id, visitor())
    except OutOfReach:
        flash(_("Nobody administers in somebody else's place."), "warning")
        return redirect(url_for("home.index"), 303)
    except Refusal as refusal:
        flash(problems.sentence(refusal), "warning")
        return redirect(url_for("home.index"), 303)
    return redirect(held_seats.url_of(membership), 303)


def _handle_by_password(verified: Verified, membership_id: uuid.UUID, typed: str) -> str:
    if verified.offers:
        return verified.offers[0].handle
    if not isinstance(verified.refused[0].refusal, WrongPassword):
        raise verified.refused[0].refusal
    offer = sign_in.verify_another_password(verified.secret, membership_id, typed, visitor())
    return offer.handle


def _go_to(membership: Membership, handle: str) -> Response:
    session["next"] = held_seats.url_of(membership)
    return steps.go_on(handle)


def _page(wrong: AnotherPasswordForm | None = None) -> str:
    row = signed_in.required()
    held = {seat.membership_id for seat in sessions.seats_of(row)}
    ask = wrong.membership.data if wrong else request.args.get("ask", "")
    shown = [
        cards.of_seat(membership, held_seats.url_of(membership))
        if membership.id in held
        else _card_of(membership, wrong, ask or "")
        for membership in memberships.of(row.account_id)
    ]
    return render_template("home/index.html", cards=shown, wrong=wrong, account=row.account)


def _card_of(membership: Membership, wrong: AnotherPasswordForm | None, ask: str) -> cards.Card:
    if signed_in.looks_as_somebody():
        return cards.of_looked_at(membership)
    return cards.of_membership(membership, wrong, ask)


def _seat_page(membership: Membership) -> ResponseReturnValue:
    row, place = signed_in.required(), membership.organisation
    try:
        held = sessions.seat(row, membership.organisation_id, membership.role)
    except NotFound:
        return held_seats.lead_to(membership)
    return render_template(
        "home/seat.html",
        organisation=place,
        role=membership.role,
        meaning=roles.meaning(membership.role),
        administrators=memberships.administrators_of(place) if place else [],
        rules=rules.of(membership),
        held=held,
        administration=_administration(membership),
    )


def _administration(membership: Membership) -> str | None:
    """Return where a seat administers from, if it does."""
    match membership.role:
        case Role.SUPERUSER:
            return url_for("admin.overview")
        case Role.ACCOUNT_ADMIN:
            place = membership.organisation_id
            return url_for("organisation_admin.overview", organisation_id=place)
        case _:
            return None
