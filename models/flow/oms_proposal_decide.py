from datetime import timedelta

from odoo import Command, fields, models
from odoo.exceptions import UserError

from .oms_proposal import GOODS_KINDS, MOVING_KINDS


class OmsProposal(models.Model):
    """Proposals are accepted, rejected, undone and opened again."""

    _inherit = "oms.proposal"

    # === ACCEPTING === #

    def action_accept(self):
        """Accept proposals: they become transfers, purchases, levels, shares or waves.

        Of several those that cannot be done are left open, and it is told why.

        :return: an action that tells what was done when there are several, else True
        :rtype: dict | bool
        :raises AccessError: the user is no planner
        :raises UserError: the only one, or none of them, can be done
        """
        self._check_planner()
        self.check_access("read")
        # sudo: planners need not have rights on all that is made; the user stays the same
        refused = self.sudo()._accept()
        if refused and len(refused) == len(self):
            raise UserError("\n".join(refused.values()))
        if len(self) == 1:
            return True
        done = self.filtered(lambda each: each not in refused)
        sentences = [self.env._("%(count)s accepted.", count=len(done))]
        sentences.append(done._get_document_sentence())
        return self._tell("\n".join(filter(None, sentences)), refused)

    def _accept(self, by_itself=False):
        """Carry out what is proposed.

        :param bool by_itself: nobody decided, the plan allows it
        :return: why each proposal that was left open cannot be done
        :rtype: dict[OmsProposal, str]
        """
        self._lock()
        refused = {each: text for each in self for text in [each._find_refusal()] if text}
        kept = self.filtered(lambda each: each not in refused)
        for kind, same in kept.grouped("kind").items():
            refused |= getattr(same, f"_carry_out_{kind}")()
        done = kept.filtered(lambda each: each not in refused)
        done.write(
            {
                "decided_at": fields.Datetime.now(),
                "decided_by_id": False if by_itself else self.env.uid,
                "by_itself": by_itself,
            }
        )
        goods = done.filtered(lambda each: each.kind in GOODS_KINDS)
        goods.state = "accepted"
        (done - goods).state = "done"
        return refused

    def _find_refusal(self):
        """Return why a proposal cannot be accepted as it is; empty if it can.

        :rtype: str
        """
        self.ensure_one()
        if self.state != "proposed":
            words = dict(self._fields["state"]._description_selection(self.env))
            return self.env._(
                "%(name)s is %(state)s already.",
                name=self.display_name,
                state=words[self.state].lower(),
            )
        if self.kind in GOODS_KINDS and self.uom_id.compare(self.quantity, 0.0) <= 0:
            return self.env._("%s: give a quantity above zero, or reject it.", self.display_name)
        for record in (self.product_id, self.origin_id, self.site_id):
            if record and not record.active:
                return self.env._(
                    "%(name)s: %(record)s is archived by now.",
                    name=self.display_name,
                    record=record.display_name,
                )
        return ""

    # === REJECTING === #

    def action_reject(self):
        """Ask why proposals are rejected, and what is to be learned from it.

        Those that are decided on already are left out.

        :return: a window action
        :rtype: dict
        :raises AccessError: the user is no planner
        :raises UserError: all of them are decided on already
        """
        self._check_planner()
        left = self.filtered(lambda each: each.state == "proposed")
        if not left:
            self._check_state(("proposed",), self.env._("rejected"))
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_proposal_reject")
        weeks = max(left.plan_id.mapped("learn_weeks"), default=8)
        context = {
            "default_proposal_ids": [Command.set(left.ids)],
            "default_weeks": weeks,
            "default_left_out": len(self) - len(left),
        }
        return {**action, "context": context}

    def _reject(self, reason, scope, weeks):
        """Reject proposals and learn from it.

        :param str reason: why, for those who read it later
        :param str scope: what is not to be proposed again: ``once`` for nothing of it, ``same``
            for the product on this way, ``product`` for the product anywhere, ``way`` for anything
            on this way
        :param int weeks: how long; 0 for good
        :return: what was learned
        :rtype: oms.flow.constraint
        :raises UserError: there is no reason, or one of them is decided on already
        """
        if not (reason or "").strip():
            raise UserError(self.env._("Say why: it is shown to whoever plans next."))
        self._lock()
        self._check_state(("proposed",), self.env._("rejected"))
        self.write(
            {
                "state": "rejected",
                "reject_reason": reason.strip(),
                "decided_at": fields.Datetime.now(),
                "decided_by_id": self.env.uid,
            }
        )
        Constraint = self.env["oms.flow.constraint"]
        if scope == "once":
            return Constraint
        until = fields.Date.today() + timedelta(weeks=weeks) if weeks else False
        by_meaning = {}
        for proposal in self.filtered("network_id"):
            vals = {
                "until": until,
                **proposal._prepare_constraint(scope),
                "reason": reason.strip(),
                "proposal_id": proposal.id,
            }
            meaning = tuple(sorted((k, v) for k, v in vals.items() if k != "proposal_id"))
            by_meaning.setdefault(meaning, vals)
        return Constraint.create(list(by_meaning.values()))

    def _prepare_constraint(self, scope):
        """Return the values of what is learned from a rejection."""
        self.ensure_one()
        vals = {"network_id": self.network_id.id}
        if scope in ("same", "product") and self.product_id:
            vals["product_id"] = self.product_id.id
        if scope != "product" or not self.product_id:
            vals |= {
                "origin_id": self.origin_id.id,
                "site_id": self.site_id.id,
                "supplier_id": self.supplier_id.id,
            }
        # Whoever wants no transfer of goods may want to buy them.
        if self.kind not in MOVING_KINDS or scope == "product":
            vals["kind"] = self.kind
        return vals

    # === UNDOING === #

    def action_undo(self):
        """Undo what was accepted: documents are cancelled that have not moved anything.

        Of several those that cannot be undone stay as they are, and it is told why.

        :return: an action that tells what was done when there are several, else True
        :rtype: dict | bool
        :raises AccessError: the user is no planner
        :raises UserError: goods have left, or the supplier has the order
        """
        self._check_planner()
        self.check_access("read")
        # sudo: planners need not have rights on all that was made
        own = self.sudo()
        if len(self) == 1:
            own._undo()
            return True
        refused = own._undo_each()
        if refused and len(refused) == len(self):
            raise UserError("\n".join(dict.fromkeys(refused.values())))
        return self._tell(self.env._("%s undone.", len(self) - len(refused)), refused)

    def _undo_each(self):
        """Undo what can be undone.

        :return: why each of the others cannot be
        :rtype: dict[OmsProposal, str]
        """
        return self._do_apart(lambda some: some._undo() or {})

    def _undo(self):
        self._lock()
        for proposal in self:
            if proposal.state == "done" and proposal.kind in GOODS_KINDS:
                raise UserError(
                    self.env._("%s has been carried out: goods have moved.", proposal.display_name)
                )
        self._check_state(("accepted", "done"), self.env._("undone"))
        for kind, same in self.grouped("kind").items():
            getattr(same, f"_undo_{kind}")()
        self.state = "undone"

    def action_reopen(self):
        """Propose again what was rejected, undone or taken back.

        :return: True
        :rtype: bool
        :raises AccessError: the user is no planner
        :raises UserError: it is open or carried out, or the same is proposed by now
        """
        self._check_planner()
        self.check_access("read")
        # sudo: states are written by the addon only
        own = self.sudo()
        own._lock()
        own._check_state(("rejected", "undone", "superseded"), self.env._("proposed again"))
        for proposal in own:
            if own.search_count(proposal._get_same_domain(), limit=1):
                raise UserError(
                    self.env._(
                        "%s is proposed again already: decide on that one.", proposal.display_name
                    )
                )
            proposal.write(
                {
                    "state": "proposed",
                    "decided_at": False,
                    "decided_by_id": False,
                    "by_itself": False,
                    "reject_reason": False,
                }
            )
        return True

    def _get_same_domain(self):
        """Return the domain of open proposals of the same."""
        self.ensure_one()
        names = ("origin_id", "site_id", "supplier_id", "product_id", "company_id")
        return [
            ("state", "=", "proposed"),
            ("kind", "=", self.kind),
            ("subject", "=", self.subject),
            *((name, "=", self[name].id) for name in names),
        ]
