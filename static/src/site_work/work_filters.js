import { Component, useState } from "@odoo/owl";
import { countOf, STATES, serviceChoices, stateName } from "./words";

/** How much there is in each state, and what else the work can be narrowed by. */
export class WorkFilters extends Component {
    static template = "oms.SiteWorkFilters";
    static props = { model: Object };

    setup() {
        this.model = useState(this.props.model);
        this.state = useState({ isOpen: false });
        this.services = serviceChoices();
        Object.assign(this, { STATES, countOf, stateName });
        // Choices that were seen stay, when a filter hides what they came from.
        this.carriers = new Map();
        this.waves = new Map();
    }

    get counts() {
        return this.model.work.counts;
    }

    get total() {
        return this.STATES.reduce((sum, state) => sum + countOf(this.counts, state), 0);
    }

    get carrierChoices() {
        for (const { carrier, carrier_id } of this.model.work.cards) {
            const id = carrier?.id || carrier_id;
            if (id) {
                this.carriers.set(id, carrier.name || carrier);
            }
        }
        return [...this.carriers].map(([id, name]) => ({ id, name }));
    }

    get waveChoices() {
        for (const { wave } of this.model.work.cards) {
            if (wave) {
                this.waves.set(wave.id, wave.name);
            }
        }
        return [...this.waves].map(([id, name]) => ({ id, name }));
    }

    get chosenCount() {
        const { service, carrier_id, wave_id, mine } = this.model.filters;
        return [service, carrier_id, wave_id, mine].filter(Boolean).length;
    }

    chooseState(state) {
        const { filters } = this.model;
        this.model.setFilter("work_state", filters.work_state === state ? "" : state);
    }

    toggle(name) {
        this.model.setFilter(name, !this.model.filters[name]);
    }
}
