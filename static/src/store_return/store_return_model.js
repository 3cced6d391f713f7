import { uuid } from "@web/core/utils/strings";
import { CounterModel } from "../store_order/counter_model";

/** A return that a seller takes down: of which order, what comes back, and what the customer wants. */
export class StoreReturnModel extends CounterModel {
    server = "oms.store.return";

    constructor(orm) {
        super(orm);
        return this.follow();
    }

    /** Begins with the next customer. */
    clear() {
        this.uuid = uuid();
        this.step = "order";
        this.order = null;
        this.lines = [];
        this.kept = [];
        this.outcome = "refund";
        this.way = "dropoff";
        this.note = "";
        this.result = null;
        this.error = "";
    }

    choose(site) {
        this.site = site;
        this.clear();
    }

    findOrders(text) {
        return this.ask("find_orders", this.site.id, text);
    }

    async open(orderId) {
        const told = await this.ask("get_order", this.site.id, orderId);
        if (!told) {
            return;
        }
        this.order = told.order;
        this.lines = told.lines.map((line) => ({ ...line, quantity: 0, reason: "", note: "" }));
        this.kept = told.kept;
        this.reasons = told.reasons.map((each) => ({ ...each, id: String(each.id) }));
        this.outcomes = told.outcomes;
        this.ways = told.ways;
        this.step = "goods";
    }

    /** What was changed is another return than one that may have been sent. */
    change(target, changes) {
        Object.assign(target, changes);
        this.uuid = uuid();
    }

    get chosen() {
        return this.lines.filter((line) => line.quantity > 0);
    }

    needsNote(line) {
        return !!this.reasons.find((each) => each.id === line.reason)?.needs_note;
    }

    /** Whether something is chosen, each with a reason. */
    get isComplete() {
        const { chosen } = this;
        return (
            chosen.length > 0 &&
            chosen.every((line) => line.reason && (!this.needsNote(line) || line.note.trim()))
        );
    }

    async request() {
        const wish = {
            lines: this.chosen.map(({ id, quantity, reason, note }) => ({
                id,
                quantity,
                reason: Number(reason),
                note: note.trim(),
            })),
            outcome: this.outcome,
            way: this.way,
            note: this.note.trim(),
        };
        const result = await this.ask("request", this.site.id, this.uuid, this.order.id, wish);
        if (result) {
            this.result = result;
            this.step = "done";
        }
    }
}
