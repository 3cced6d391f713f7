import { registry } from "@web/core/registry";

/** Says what a channel means by a product, and places the order that waited for it. */
registry.category("web_tour.tours").add("oms_incoming_order", {
    steps: () => [
        {
            content: "What waits is in the list, with the reason",
            trigger: ".o_list_view .o_data_row:contains('W-1'):contains('SKU-9')",
        },
        {
            content: "Open it",
            trigger: ".o_list_view .o_data_row td[name='reference']:contains('W-1')",
            run: "click",
        },
        {
            content: "The form says what is missing, and shows the line",
            trigger: ".o_form_view .alert-warning:contains('SKU-9')",
        },
        {
            trigger: ".o_form_view .o_oms_sent .text-danger:contains('SKU-9')",
        },
        {
            content: "Say which product is meant",
            trigger: ".o_field_widget[name='code_ids'] .o_data_row td[name='product_id']",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name='code_ids'] td[name='product_id'] input",
            run: "edit Apple",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains('Apple')",
            run: "click",
        },
        {
            content: "Try again",
            trigger: ".o_statusbar_buttons button[name='action_retry']:enabled",
            run: "click",
        },
        {
            content: "It is placed",
            trigger: ".o_statusbar_status .o_arrow_button_current:contains('Placed')",
        },
        {
            content: "Open the order",
            trigger: "button[name='action_view_order']",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name='order_line'] .o_data_row:contains('Apple')",
        },
    ],
});
