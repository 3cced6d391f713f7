import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

/** Confirms a prepared quotation and follows it to its two sites and to the decision behind. */
registry.category("web_tour.tours").add("oms_source_order", {
    url: "/odoo",
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            content: "Open Order Management",
            trigger: ".o_app[data-menu-xmlid='oms.menu_root']",
            run: "click",
        },
        {
            content: "Open the prepared quotation",
            trigger: ".o_list_view .o_data_row:contains('Tour Customer') td[name='partner_id']",
            run: "click",
        },
        {
            content: "Confirm it",
            trigger: ".o_form_view .o_statusbar_buttons button[name='action_confirm']:enabled",
            run: "click",
        },
        {
            content: "It is an order, and its line names the two sites",
            trigger: ".o_statusbar_status .o_arrow_button_current:contains('Sales Order')",
        },
        {
            trigger: ".o_field_widget[name='order_line'] td[name='oms_site_names']:contains('NEAR: 3, FAR: 2')",
        },
        {
            content: "Open its fulfillments",
            trigger: "button[name='action_view_oms_fulfillments']:contains('2')",
            run: "click",
        },
        {
            content: "One fulfillment at each site",
            trigger: ".o_list_view .o_data_row td[name='site_id']:contains('Far (FAR)')",
        },
        {
            content: "Open that of the near one",
            trigger: ".o_list_view .o_data_row td[name='site_id']:contains('Near (NEAR)')",
            run: "click",
        },
        {
            content: "It shows its site, its goods and that they are released",
            trigger: ".o_form_view .o_field_widget[name='site_id']:contains('Near')",
        },
        {
            trigger: ".o_form_view .o_statusbar_status .o_arrow_button_current:contains('Released')",
        },
        {
            trigger: ".o_field_widget[name='line_ids'] .o_data_row:contains('Apple') td[name='quantity']:contains('3')",
        },
        {
            content: "Look at its transfers",
            trigger: ".o_notebook_headers a[name='pickings']",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name='picking_ids'] .o_data_row:contains('Ready')",
        },
        {
            content: "Open the decision behind it",
            trigger: "button[name='action_view_decision']",
            run: "click",
        },
        {
            content: "Both chosen sites say what they ship",
            trigger: ".o_oms_explanation tr.table-success:contains('Near'):contains('Ships 3 units')",
        },
        {
            trigger: ".o_oms_explanation tr.table-success:contains('Far'):contains('Ships 2 units')",
        },
        {
            content: "The site that lost says why",
            trigger: ".o_oms_explanation tr:not(.table-success):contains('Middle'):contains('Near (NEAR) is at least as good')",
        },
    ],
});
