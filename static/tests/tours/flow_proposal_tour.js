import { registry } from "@web/core/registry";

const accepted = ".o_statusbar_status .o_arrow_button_current:contains('Accepted')";
const backToList = {
    content: "Back to what is left to decide",
    trigger: ".o_breadcrumb a:contains('Flow Proposals'), .o_back_button",
    run: "click",
};

/** A planner opens a run, reads why, accepts two transfers and a purchase, and undoes one. */
registry.category("web_tour.tours").add("oms_flow_proposal", {
    steps: () => [
        {
            content: "The run is done; open what it proposes",
            trigger: ".o_form_view button[name='action_view_proposals']",
            run: "click",
        },
        {
            content: "Open the transfer of apples",
            trigger: ".o_list_view .o_data_row:contains('Apple') td[name='site_id']",
            run: "click",
        },
        {
            content: "It says why",
            trigger: ".o_form_view .o_field_widget[name='why']:contains('sells 1.43')",
        },
        {
            content: "It shows the stock before and after",
            trigger: ".o_form_view .o_field_oms_flow_chart canvas",
        },
        {
            trigger: "button[name='action_accept']",
            run: "click",
        },
        { trigger: accepted },
        {
            content: "The transfers are there",
            trigger: "button[name='action_view_pickings']:contains('2')",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:contains('/OUT/')",
        },
        {
            trigger: ".o_list_view .o_data_row:contains('/IN/')",
        },
        {
            content: "Back to the proposal",
            trigger: ".o_breadcrumb a:contains('Apple'), .o_back_button",
            run: "click",
        },
        { trigger: `.o_form_view ${accepted}` },
        backToList,
        {
            content: "Accept the transfer of berries from the list",
            trigger: ".o_list_view .o_data_row:contains('Berry') button[name='action_accept']",
            run: "click",
        },
        {
            trigger: ".o_list_view:not(:has(.o_data_row:contains('Berry')))",
        },
        {
            content: "Open the purchase",
            trigger: ".o_list_view .o_data_row:contains('Orchard') td[name='site_id']",
            run: "click",
        },
        {
            trigger: ".o_form_view .o_field_widget[name='why']:contains('Orchard asks')",
        },
        {
            trigger: "button[name='action_accept']",
            run: "click",
        },
        { trigger: accepted },
        {
            content: "The supplier is asked",
            trigger: "button[name='action_view_purchases']",
            run: "click",
        },
        {
            trigger: ".o_form_view .o_field_widget[name='order_line']:contains('Cherry')",
        },
        {
            trigger: ".o_breadcrumb a:contains('Cherry'), .o_back_button",
            run: "click",
        },
        {
            content: "Undo the purchase",
            trigger: `.o_form_view:has(${accepted}) button[name='action_undo']`,
            run: "click",
        },
        {
            trigger: ".modal .modal-footer .btn-primary",
            run: "click",
        },
        {
            trigger: ".o_form_view button[name='action_reopen']",
        },
    ],
});
