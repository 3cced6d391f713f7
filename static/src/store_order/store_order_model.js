import { uuid } from "@web/core/utils/strings";
import { CounterModel } from "./counter_model";

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
export class StoreOrderModel extends CounterModel {
    server = "oms.store.order";
    places = null;

    constructor(orm) {
        super(orm);
        return this.follow();
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

    async choose({ id }) {
        this.places = await this.ask("open", id);
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
