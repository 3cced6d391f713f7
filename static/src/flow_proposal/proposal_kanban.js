import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { formatFloat } from "@web/views/fields/formatters";
import { KanbanController } from "@web/views/kanban/kanban_controller";
import { KanbanHeader } from "@web/views/kanban/kanban_header";
import { KanbanRenderer } from "@web/views/kanban/kanban_renderer";
import { kanbanView } from "@web/views/kanban/kanban_view";

/** What is added up in the head of a column, next to the gain; nothing is said of what is nothing. */
const TOTALS = [
    { name: "quantity", describe: (value) => _t("%s units", value) },
    { name: "weight", describe: (value) => _t("%s kg", value) },
    { name: "carbon_kg", describe: (value) => _t("%s kg CO2e", value) },
];

/** The head of a column of proposals says what they come to together. */
export class ProposalKanbanHeader extends KanbanHeader {
    static template = "oms.ProposalKanbanHeader";

    get totals() {
        const { group, progressBarState } = this.props;
        return TOTALS.map(({ name, describe }) => {
            const field = group.model.root.fields[name];
            const value = progressBarState.getAggregateValue(group, field).value || 0;
            return value ? describe(formatFloat(value, { digits: [16, 1], trailingZeros: false })) : "";
        }).filter(Boolean);
    }
}

export class ProposalKanbanController extends KanbanController {
    get progressBarAggregateFields() {
        const added = TOTALS.map(({ name }) => this.props.fields[name]);
        return [...super.progressBarAggregateFields, ...added];
    }
}

export class ProposalKanbanRenderer extends KanbanRenderer {
    static components = { ...KanbanRenderer.components, KanbanHeader: ProposalKanbanHeader };
}

registry.category("views").add("oms_proposal_kanban", {
    ...kanbanView,
    Controller: ProposalKanbanController,
    Renderer: ProposalKanbanRenderer,
});
