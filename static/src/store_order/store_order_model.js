import { reactive } from "@odoo/owl";
import { uuid } from "@web/core/utils/strings";
import { classify } from "../site_work/errors";

const NOBODY = {
    id: null,
    name: "",
    email: "",
    phone: "",
    street: "",
    zip: "",
    city: "",
    country: "",
};

/** An order that a seller takes: what is in it, for whom, and how they get it. */
export class StoreOrderModel {
    constructor(orm) {
        this.orm = orm;
        this.counters = null;
        this.site = null;
        this.places = null;
        this.error = "";
        this.isBusy = false;
        this.clear();
        return reactive(this);
    }

    /** Begins a new order. */
    clear() {
        this.uuid = uuid();
        this.step = "basket";
        this.lines = [];
        this.customer = { ...NOBODY, country: this.places?.country || "" };
        this.note = "";
        this.ways = [];
        this.told = [];
        this.way = null;
        this.point = null;
        this.result = null;
    }

    async ask(method, ...args) {
        this.isBusy = true;
        this.error = "";
        try {
            return await this.orm.silent.call("oms.store.order", method, args);
        } catch (error) {
            this.error = classify(error).message;
            return null;
        } finally {
            this.isBusy = false;
        }
    }

    async loadCounters(siteId) {
        this.counters = (await this.ask("get_counters")) || [];
        const ids = this.counters.map((each) => each.id);
        if (ids.includes(siteId)) {
            await this.choose(siteId);
        } else if (ids.length === 1) {
            await this.choose(ids[0]);
        }
    }

    async choose(siteId) {
        this.places = await this.ask("open", siteId);
        this.site = this.places?.site || null;
        this.clear();
    }

    // BASKET

    findProducts(text) {
        return this.ask("find_products", this.site.id, text);
    }

    add(product, quantity = 1) {
        const line = this.lines.find((each) => each.code === product.code);
        if (line) {
            line.quantity += quantity;
        } else {
            this.lines.push({ ...product, quantity });
        }
        this.forgetWays();
    }

    setQuantity(line, quantity) {
        line.quantity = quantity;
        if (!quantity) {
            this.lines.splice(this.lines.indexOf(line), 1);
        }
        this.forgetWays();
    }

    get goodsPrice() {
        return this.lines.reduce((sum, line) => sum + line.price * line.quantity, 0);
    }

    // CUSTOMER

    findCustomers(text) {
        return this.ask("find_customers", this.site.id, text);
    }

    get hasDestination() {
        const { customer } = this;
        return !!customer.country && !!(customer.zip.trim() || customer.city.trim());
    }

    get hasAddress() {
        return this.hasDestination && !!this.customer.street.trim();
    }

    setCustomer(changes) {
        Object.assign(this.customer, changes);
        this.forgetWays();
    }

    // WAYS

    forgetWays() {
        this.ways = [];
        this.way = null;
        this.point = null;
        // Another content is another order.
        this.uuid = uuid();
    }

    async loadWays() {
        const { customer } = this;
        this.step = "way";
        this.forgetWays();
        const shipTo = { country: customer.country };
        for (const key of ["zip", "city"]) {
            if (customer[key].trim()) {
                shipTo[key] = customer[key].trim();
            }
        }
        const lines = this.lines.map(({ code, quantity }) => ({ product: code, quantity }));
        const answer = await this.ask("get_ways", this.site.id, lines, shipTo);
        if (answer) {
            this.ways = answer.options;
            this.told = answer.lines.filter((line) => line.error);
        }
    }

    get needsAddress() {
        return ["home", "drop_ship"].includes(this.way?.service);
    }

    async place() {
        const { customer, way } = this;
        const text = (value) => value.trim() || null;
        const order = {
            customer: {
                name: text(customer.name),
                email: text(customer.email),
                phone: text(customer.phone),
            },
            ship_to: {
                name: text(customer.name),
                street: text(customer.street),
                zip: text(customer.zip),
                city: text(customer.city),
                country: customer.country,
                phone: text(customer.phone),
            },
            lines: this.lines.map(({ code, quantity }) => ({ product: code, quantity })),
            promise: way.token,
            note: text(this.note),
        };
        if (customer.id) {
            order.customer_id = customer.id;
        }
        if (this.point) {
            order.point = { id: this.point };
        }
        const result = await this.ask("place", this.site.id, this.uuid, order);
        if (!result) {
            return;
        }
        if (["placed", "unchanged", "parked"].includes(result.status)) {
            this.result = result;
            this.step = "done";
        } else {
            this.error = result.message;
        }
    }
}
